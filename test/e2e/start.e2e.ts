import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from './app.ts';

const checkout = path.resolve(import.meta.dirname, '../..');

/** Command lines of running processes that name a folder. Linux alone has /proc. */
const processesOf = (folder: string): { readonly pid: number; readonly line: string }[] =>
  fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(folder) ? [{ pid: Number(pid), line }] : [];
      } catch {
        return []; // it has ended
      }
    });

/** Starts the window as `npm start` does, below npm; resolves to the exit code and what was said. */
function start(...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  const command = ['node', 'test/support/start-window.mjs', ...args].join(' ');
  const child = spawn('npm', ['exec', '--offline', '-c', command], {
    cwd: checkout,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => (said += String(text)));
  return new Promise((resolve) => child.on('exit', (code) => resolve({ code, said })));
}

test('npm start ends once the window is up, and leaves no launcher behind', async ({ slowburn }) => {
  test.setTimeout(180_000);
  const { dataFolder } = slowburn;
  const options = ['--source', 'simulator', '--data-dir', dataFolder];
  try {
    const started = await start(...options);
    expect(started.said).toContain('Slowburn is running');
    expect(started.code).toBe(0);
    const running = processesOf(dataFolder).map(({ line }) => line);
    expect(running.some((line) => line.includes('electron'))).toBe(true);
    expect(running.filter((line) => /npm|start-window\.mjs/.test(line))).toEqual([]);
    const again = await start(...options);
    expect(again.said).toContain('already running');
    expect(again.code).toBe(0);
  } finally {
    const main = processesOf(dataFolder).find(({ line }) => !line.includes('--type='));
    if (main) process.kill(main.pid, 'SIGTERM');
    await expect.poll(() => processesOf(dataFolder).length, { timeout: 20_000 }).toBe(0);
  }
});

test('npm start says why the window did not open, and fails', async ({ slowburn }) => {
  test.setTimeout(120_000);
  const { code, said } = await start('--speed', '0', '--data-dir', slowburn.dataFolder);
  expect(said).toContain('the speed must be above 0');
  expect(code).not.toBe(0);
});
