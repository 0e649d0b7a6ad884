// `npm run slowburn -- COMMAND …`: makes the checkout ready without a window, then runs the command line.
import { spawn } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { root, runCommand, SetupError } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

/**
 * A recorder runs for months and needs little: V8 keeps its heap small, and collects garbage and compiles in the thread that
 * made it necessary. For the little there is, waking other threads costs more than the work.
 */
export const NODE_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1', '--single-threaded'];

// without a `--` before it, npm takes `--source X` as its own setting and passes on the rest
const EATEN = ['source', 'speed', 'data_dir', 'interval', 'record'];

/** Refuses to continue if npm took an option: the command would silently do something else. */
export function refuseEatenOptions(command, env = process.env) {
  const eaten = EATEN.find((name) => env[`npm_config_${name}`] !== undefined);
  if (eaten === undefined) return;
  const option = `--${eaten.replace('_', '-')}`;
  throw new SetupError(`npm used ${option} as its own option.`, `Put -- before it: ${command} ${option} …`);
}

/** Runs the built command line with the caller's terminal; resolves to its exit code. */
export function slowburn(args) {
  const program = fileURLToPath(new URL('out/node/slowburn.js', root));
  const child = spawn(process.execPath, [...NODE_FLAGS, program, ...args], { stdio: 'inherit' });
  // the terminal sends Ctrl-C to the child, too; this process waits until the child has finished writing
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? 128 + os.constants.signals[signal]));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand(async () => {
    refuseEatenOptions('npm run slowburn -- COMMAND');
    await ensureReady({ window: false });
    return slowburn(process.argv.slice(2));
  });
}
