import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { root, say, SetupError } from './console.mjs';
import { run } from './process.mjs';

const GIB = 2 ** 30;
const checkout = fileURLToPath(root);

/** True when node_modules holds exactly what package-lock.json asks for (optional packages of other platforms aside). */
function installed() {
  const read = (name) => JSON.parse(fs.readFileSync(new URL(name, root), 'utf8')).packages;
  let have;
  try {
    have = read('node_modules/.package-lock.json');
  } catch {
    return false; // nothing installed yet, or a torn install: both are mended by installing
  }
  const want = read('package-lock.json');
  return Object.entries(want).every(
    ([name, entry]) => name === '' || (have[name] ? have[name].version === entry.version : entry.optional === true),
  );
}

function checkDiskSpace() {
  const { bavail, bsize } = fs.statfsSync(checkout);
  if (bavail * bsize < 2 * GIB) {
    throw new SetupError(
      `Only ${((bavail * bsize) / GIB).toFixed(1)} GiB are free on the disk that holds ${checkout}; set-up needs 2 GiB.`,
      'Free some space, then run the command again.',
    );
  }
}

/** Installs the locked dependencies when they are missing or out of date. */
export async function ensureDependencies() {
  if (installed()) return;
  checkDiskSpace();
  say('Installing dependencies (about a minute the first time)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // Dependency scripts stay off: the two native parts are set up by our own steps, which say what they do.
  const { code, output } = await run(npm, ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: checkout,
    shell: process.platform === 'win32',
  });
  if (code === 0) return;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output)) {
    throw new SetupError(
      'The npm registry cannot be reached, so the dependencies could not be installed.',
      'Check the network or the registry that `npm config get registry` prints, then run the command again.',
    );
  }
  if (/ENOSPC/.test(output)) {
    throw new SetupError('The disk filled up while dependencies were installed.', 'Free some space, then try again.');
  }
  throw new SetupError(`npm could not install the dependencies (exit ${code}):\n${output.trim()}`);
}
