import { spawn } from 'node:child_process';

const INTERRUPTS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/**
 * Runs a program to its end. Resolves to { code, output }; `output` holds the last 64 KiB of stdout and stderr.
 * With `show`, its output is also passed on immediately. When this process is interrupted, the program and all it
 * started end first: an npm that continues in the background would spoil the next set-up.
 */
export function run(command, args, { show = false, ...options } = {}) {
  return new Promise((resolve) => {
    const ownGroup = process.platform !== 'win32';
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: ownGroup, ...options });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-65536);
      if (show) process.stderr.write(chunk);
    };
    const interrupted = (signal) => {
      if (ownGroup && child.pid) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
      process.stderr.write('\nInterrupted. Run the command again to continue.\n');
      process.exit(INTERRUPTS[signal]);
    };
    const end = (result) => {
      for (const signal of Object.keys(INTERRUPTS)) process.off(signal, interrupted);
      resolve(result);
    };
    for (const signal of Object.keys(INTERRUPTS)) process.on(signal, interrupted);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => end({ code: 127, output: String(error) }));
    child.on('close', (code, signal) => end({ code: code ?? `signal ${signal}`, output }));
  });
}
