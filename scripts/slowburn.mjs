// `npm run slowburn -- COMMAND …`: makes the checkout ready without a window, then runs the command line.
import { spawn } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { root, runCommand } from './setup/console.mjs';
import { ensureReady } from './setup/index.mjs';

/** Runs the built command line with the caller's terminal; resolves to its exit code. */
export function slowburn(args) {
  const program = fileURLToPath(new URL('out/node/slowburn.js', root));
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself; this process waits for it to finish its writing
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? 128 + os.constants.signals[signal]));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand(async () => {
    await ensureReady({ window: false });
    return slowburn(process.argv.slice(2));
  });
}
