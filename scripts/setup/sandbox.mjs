// Can Chromium's sandbox start here? Asked before Electron is started: Electron would end with a crash and a page of text.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readText } from './cache.mjs';
import { root, SetupError } from './console.mjs';

const PROBE = 'scripts/setup/userns-probe.mjs';
const checkout = fileURLToPath(root);
const asOneself = ([program, ...args]) => [program, args];
const PATIENCE_MS = 10_000;
const TERMINAL = 'Without root, monitor in the terminal: npm run slowburn -- monitor';
const APPARMOR = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';

const quote = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/**
 * Why the Electron binary cannot make a user namespace, in the kernel's word; undefined: it can. Only a clear refusal
 * counts. Where the question itself cannot be asked, Electron is left to find out.
 */
function refusalOfNamespaces(executable, { command, folder }) {
  const [program, args] = command(['env', 'ELECTRON_RUN_AS_NODE=1', executable, path.join(folder, PROBE)]);
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: PATIENCE_MS });
  return status === 1 && stdout ? stdout.trim() : undefined;
}

/**
 * The SUID helper that Chromium would use: beside the executable, or named by CHROME_DEVEL_SANDBOX where there is none and
 * the executable is the user's own (sandbox/linux/suid/client/setuid_sandbox_host.cc).
 */
function helperOf(executable, env = process.env) {
  const beside = path.join(path.dirname(executable), 'chrome-sandbox');
  if (fs.existsSync(beside)) return beside;
  const own = fs.statSync(executable).uid === process.getuid();
  return own && env.CHROME_DEVEL_SANDBOX ? env.CHROME_DEVEL_SANDBOX : beside;
}

/** Root's, set-user-ID, and for everybody to run: what Chromium demands of it. */
export function isConfigured(helper) {
  const stat = fs.statSync(helper, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile() && stat.uid === 0 && (stat.mode & 0o4001) === 0o4001;
}

/** A profile that names the executable and lets it make user namespaces: Ubuntu's own way for browsers. */
export const appArmorProfile = (executable) =>
  `abi <abi/4.0>,
include <tunables/global>

profile slowburn "${executable}" flags=(unconfined) {
  userns,
}
`;

/** What to run once as root so that the sandbox can start. */
export function remedy({ executable, helper, restrictedByAppArmor, profileFile }) {
  if (restrictedByAppArmor) {
    const target = '/etc/apparmor.d/slowburn';
    return `sudo install -m 644 ${quote(profileFile)} ${target} && sudo apparmor_parser -r ${target}`;
  }
  return fs.existsSync(helper)
    ? `sudo chown root:root ${quote(helper)} && sudo chmod 4755 ${quote(helper)}`
    : `sudo sysctl -w user.max_user_namespaces=15000`;
}

/**
 * Which sandbox Chromium will use. Throws one sentence with the commands to run where there is none: it is never turned
 * off instead.
 * @param {string} executable
 * @param {{ command?: (args: string[]) => [string, string[]], folder?: string }} [options] command: wraps the command that
 *   asks, to ask as another user; folder: a checkout that this user can read
 * @returns {'namespace' | 'helper' | 'system'} system: not Linux, or not to be known here
 */
export function ensureSandbox(executable, { command = asOneself, folder = checkout } = {}) {
  if (process.platform !== 'linux') return 'system';
  const refusal = refusalOfNamespaces(executable, { command, folder });
  if (refusal === undefined) return 'namespace';
  const real = fs.realpathSync(executable); // AppArmor and Chromium look at the file itself
  const helper = helperOf(real);
  // a process that may gain no rights gains none from the helper either
  const mayGainRights = !/^NoNewPrivs:\s*1$/m.test(readText('/proc/self/status'));
  if (isConfigured(helper) && mayGainRights) return 'helper';
  const what = `Chromium's sandbox cannot start: this system does not let ${real} use a user namespace (${refusal}).`;
  if (!mayGainRights) {
    const why =
      'This process may not gain rights (no_new_privs), as in many containers: start it outside of the container.';
    throw new SetupError(what, `${why}\n  ${TERMINAL}`);
  }
  const restrictedByAppArmor = readText(APPARMOR) === '1';
  const profileFile = path.join(checkout, 'out', 'slowburn.apparmor');
  if (restrictedByAppArmor) fs.writeFileSync(profileFile, appArmorProfile(real));
  const run = remedy({ executable: real, helper, restrictedByAppArmor, profileFile });
  throw new SetupError(what, `Run once: ${run}\n  ${TERMINAL}`);
}
