import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { root, say, SetupError } from './console.mjs';
import { run } from './process.mjs';

const GIB = 2 ** 30;
// reports a missing registry within half a minute; npm's own timeouts are longer than people wait
const RETRIES = ['--fetch-retries=3', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=10000'];
const checkout = fileURLToPath(root);

/** True when node_modules holds exactly what package-lock.json asks for (optional packages of other platforms aside). */
function installed() {
  const read = (name) => JSON.parse(fs.readFileSync(new URL(name, root), 'utf8')).packages;
  let have;
  try {
    have = read('node_modules/.package-lock.json');
  } catch {
    return false; // not installed yet, or only in part: an install repairs both
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
  say('Installing dependencies (about one minute the first time)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // Install scripts of dependencies stay off. Our own steps set up the two native parts and say what they do.
  const args = ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error', ...RETRIES];
  const { code, output } = await run(npm, args, { cwd: checkout, shell: process.platform === 'win32' });
  if (code !== 0) throw installFailure(code, output);
}

/** The output of npm as one sentence and a next step. */
export function installFailure(code, output) {
  if (code === 127) return new SetupError('npm was not found.', 'It comes with Node.js: install Node.js again.');
  if (/ENOSPC|EDQUOT/.test(output)) {
    return new SetupError('The disk filled up while dependencies were installed.', 'Free some space, then try again.');
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|\bnetwork\b/i.test(output)) {
    return new SetupError(
      'The npm registry cannot be reached, so the dependencies could not be installed.',
      'Check the network or the registry that `npm config get registry` prints, then run the command again.',
    );
  }
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return new SetupError(
      `npm has no permission to write: ${/npm error path (.+)/.exec(output)?.[1] ?? checkout}`,
      'Use an account that owns the folder of Slowburn and npm’s cache.',
    );
  }
  const said = [...output.matchAll(/^npm (?:error|ERR!) (?!code|errno|syscall|path|A complete log)(\S.*)$/gm)];
  const log = /complete log of this run can be found in: (.+)/.exec(output)?.[1];
  return new SetupError(
    `npm could not install the dependencies: ${said[0]?.[1] ?? `exit code ${code}`}`,
    log ? `Details are in ${log}` : 'Run: npm ci --ignore-scripts',
  );
}
