// better-sqlite3 ships binaries for Node-API 10. Where the Node or the Electron that will load it has only 9, its own
// sources are compiled here (about half a minute, once a machine) as a Node-API "experimental" module, which every
// version accepts, and put where better-sqlite3 looks first.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { cacheDir, makeAtomically } from './cache.mjs';
import { say, SetupError } from './console.mjs';
import { run } from './process.mjs';
import { ensureCompiler } from './system.mjs';

const require = createRequire(import.meta.url);
const RECIPE = 1; // raise when the compiler's command line changes
const PREBUILT_NODE_API = 10;
const OPTIMISE = '-O1'; // measured: as fast as -O3 for our statements, a third of the compile time

/** The lowest Node-API among the runtimes that will load the addon. Electron is asked only where that can matter. */
function lowestNodeApi(electron) {
  const own = Number(process.versions.napi);
  if (own < PREBUILT_NODE_API || !electron || electron.kind === 'official') return own;
  const out = execFileSync(electron.executable, ['-p', 'process.versions.napi'], {
    encoding: 'utf8',
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  return Math.min(own, Number(out));
}

function nodeHeaders() {
  const candidates = [path.join(path.dirname(process.execPath), '../include/node'), '/usr/include/node'];
  const found = candidates.find((dir) => fs.existsSync(path.join(dir, 'node_api.h')));
  if (found) return found;
  throw new SetupError(
    `Node ${process.versions.node} came without its C headers (node_api.h), which compiling SQLite needs.`,
    'Install Node from nodejs.org or NodeSource (both bring the headers), or use Node 22 or newer.',
  );
}

async function compile(packageDir, headers, out) {
  const sources = path.join(packageDir, 'deps', 'sqlite3');
  // the SQLite options are better-sqlite3's own list
  const defines = [
    ...fs.readFileSync(path.join(packageDir, 'deps', 'defines.gypi'), 'utf8').matchAll(/^\s*'([A-Z][^']*)',$/gm),
  ].map((match) => `-D${match[1]}`);
  if (defines.length < 20) throw new Error('deps/defines.gypi of better-sqlite3 has a new form: adapt this script');
  const addonApi = path.dirname(
    createRequire(path.join(packageDir, 'package.json')).resolve('node-addon-api/package.json'),
  );
  const common = [OPTIMISE, '-w', '-fPIC', '-pthread', '-DNDEBUG', '-D_FILE_OFFSET_BITS=64'];
  const cc = async (compiler, args) => {
    const { code, output } = await run(compiler, args);
    if (code === 0) return;
    if (/No space left on device|Disk quota exceeded/.test(output))
      throw new SetupError(`The disk that holds ${out} is full.`, 'Free some space, then run the command again.');
    const [why = `exit code ${code}`] = output.split('\n').filter((line) => /error/i.test(line));
    throw new SetupError(`${compiler} could not compile better-sqlite3: ${why}`, 'It needs gcc and g++ 12 or newer.');
  };
  const [sqlite, addon] = [path.join(out, 'sqlite3.o'), path.join(out, 'addon.o')];
  await Promise.all([
    cc('gcc', [...common, '-std=c99', ...defines, '-I', sources, '-c', path.join(sources, 'sqlite3.c'), '-o', sqlite]),
    cc('g++', [
      ...common,
      ...['-std=c++20', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-fvisibility-inlines-hidden'],
      ...['-DNAPI_EXPERIMENTAL', '-DNODE_API_EXPERIMENTAL_NO_WARNING', '-DNODE_ADDON_API_DISABLE_NODE_GYP_WARN'],
      ...['-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS', '-DBUILDING_NODE_EXTENSION'],
      ...['-I', headers, '-I', addonApi, '-I', sources],
      ...['-c', path.join(packageDir, 'src', 'better_sqlite3.cpp'), '-o', addon],
    ]),
  ]);
  const library = path.join(out, 'better_sqlite3.node');
  await cc('g++', [
    '-shared',
    '-pthread',
    '-s',
    '-Wl,-Bsymbolic',
    '-Wl,--exclude-libs,ALL',
    '-o',
    library,
    addon,
    sqlite,
    '-ldl',
  ]);
  return library;
}

/** Loads the addon in each runtime, with garbage collections in between: where a wrong build would abort. */
function smokeTest(packageDir, library, electronExecutable) {
  const script = `
    const Database = require(${JSON.stringify(packageDir)});
    const db = new Database(':memory:', { nativeBinding: ${JSON.stringify(library)} });
    for (let i = 0; i < 2000; i++) db.prepare('select ' + i).get();
    gc();`;
  for (const program of [process.execPath, electronExecutable].filter(Boolean)) {
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
    const { status, signal, error } = spawnSync(program, ['--expose-gc', '-e', script], { env, stdio: 'ignore' });
    if (status === 0) continue;
    throw new SetupError(
      `The SQLite that was compiled here does not run under ${program} (${error?.message ?? signal ?? status}).`,
      'Use a current release of Node 20, 22 or 24.',
    );
  }
}

/**
 * Ensures a better-sqlite3 addon that this Node and the given Electron can both load.
 * @param {{ kind: string, executable: string }} [electron] leave out when only plain Node will load it
 */
export async function ensureSqlite(electron) {
  const packageDir = path.dirname(require.resolve('better-sqlite3/package.json'));
  const ownBuild = path.join(packageDir, 'build', 'Release', 'better_sqlite3.node');
  const nodeApi = lowestNodeApi(electron);
  if (nodeApi >= PREBUILT_NODE_API) return;

  const headers = nodeHeaders();
  await ensureCompiler();
  const compiler = spawnSync('g++', ['-dumpfullversion', '-dumpmachine'], { encoding: 'utf8' }).stdout;
  const { version } = JSON.parse(fs.readFileSync(path.join(packageDir, 'package.json'), 'utf8'));
  const key = createHash('sha256')
    .update(JSON.stringify([RECIPE, OPTIMISE, version, compiler, process.platform, process.arch]))
    .update(fs.readFileSync(path.join(headers, 'node_api.h')))
    .digest('hex')
    .slice(0, 16);
  const cached = path.join(cacheDir('better-sqlite3'), `${version}-${key}.node`);
  if (!fs.existsSync(cached)) {
    say(`Compiling SQLite for Node-API ${nodeApi} (about half a minute, once)`);
    await makeAtomically(cached, async (scratch) => {
      const library = await compile(packageDir, headers, scratch);
      smokeTest(packageDir, library, electron?.executable);
      return library;
    });
  }
  const same = (a, b) => fs.existsSync(a) && fs.readFileSync(a).equals(fs.readFileSync(b));
  if (!same(ownBuild, cached)) {
    fs.mkdirSync(path.dirname(ownBuild), { recursive: true });
    fs.rmSync(ownBuild, { force: true });
    fs.copyFileSync(cached, ownBuild);
  }
}
