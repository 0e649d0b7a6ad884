// Starts the window: as a process that outlives this one, or tied to this terminal.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { note, say } from '../setup/console.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs the window with this terminal, until it is closed. */
export function openInForeground({ executable, args, env }) {
  // In its own process group: Ctrl-C would otherwise reach Chromium's processes too, which end while main still writes
  const child = spawn(executable, args, { stdio: 'inherit', env, detached: process.platform !== 'win32' });
  for (const signal of SIGNALS) process.on(signal, () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

/**
 * Starts the window as a process that outlives this one, and waits until it is up. What it prints goes to a file, which is
 * shown when it ends before that. Ctrl-C until then quits it.
 */
export async function openInBackground({ executable, args, env }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-start-'));
  const file = path.join(folder, 'output.txt');
  const output = fs.openSync(file, 'w', 0o600);
  const child = spawn(executable, args, { stdio: ['ignore', output, output, 'ipc'], env, detached: true });
  fs.closeSync(output);
  for (const signal of SIGNALS) process.on(signal, () => child.kill('SIGTERM'));
  const ended = await new Promise((resolve) => {
    child.on('message', (message) => message === 'ready' && resolve(undefined));
    child.on('error', (error) => resolve({ code: 1, why: error.message }));
    child.on('exit', (code) => resolve({ code: code ?? 1, why: fs.readFileSync(file, 'utf8').trim() }));
  });
  // what is printed later is in the log of the application, too; Windows does not delete a file that is open
  if (ended || process.platform !== 'win32') fs.rmSync(folder, { recursive: true, force: true });
  if (!ended) {
    if (child.connected) child.disconnect();
    child.unref();
    say('Slowburn is running. To stop it, quit it in its tray or window.');
    return 0;
  }
  if (ended.code === 0) say('Slowburn is already running: its window was brought to the front.');
  else note(ended.why || 'The window did not open.');
  return ended.code;
}
