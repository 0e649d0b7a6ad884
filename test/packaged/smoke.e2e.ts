import { chromium, expect, test } from '@playwright/test';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inChroot } from '../support/chroot.ts';

const folder = path.resolve(import.meta.dirname, '../../release/linux-unpacked');
const launcher = path.join(folder, 'slowburn');
const program = path.join(folder, 'slowburn-window');

// The fuses of the package refuse the debugger that Playwright drives Electron with, so this goes by Chromium's own port.
test('the packaged application starts with its sandbox on, and shows a live value', async () => {
  const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-packaged-'));
  const app = spawn(
    launcher,
    ['--source', 'simulator', '--data-dir', dataFolder, '--remote-debugging-port=0', '--log-level=3'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      app.stderr.on('data', (text) => {
        said += String(text);
        const found = /DevTools listening on (ws:\S+)/.exec(said);
        if (found) resolve(found[1]!);
      });
      app.on('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)));
    });
    const browser = await chromium.connectOverCDP(address);
    const [context] = browser.contexts();
    await expect.poll(() => context!.pages().length).toBeGreaterThan(0);
    const page = context!.pages()[0]!;
    await expect(page.getByRole('img', { name: /^Core temperature: \d+ °C$/ })).toBeVisible({ timeout: 20_000 });
    await expect(page.getByText('Simulated GPU', { exact: true })).toBeVisible();
    expect(fs.existsSync(path.join(dataFolder, 'history.simulated.db'))).toBe(true);
    await browser.close();
  } finally {
    const ended = new Promise((resolve) => app.on('exit', resolve));
    app.kill('SIGTERM');
    await ended;
    fs.rmSync(dataFolder, { recursive: true, force: true });
  }
});

test('the packaged application refuses to be used as a Node or to be debugged', async () => {
  const run = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    new Promise<string>((resolve) => {
      const child = spawn(program, [...args], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      child.stdout.on('data', (text) => (said += String(text)));
      const timer = setTimeout(() => child.kill('SIGKILL'), 4000);
      child.on('exit', () => {
        clearTimeout(timer);
        resolve(said);
      });
    });
  const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-packaged-'));
  expect(await run(['-p', '"I am Node"', '--data-dir', dataFolder], { ELECTRON_RUN_AS_NODE: '1' })).not.toContain(
    'I am Node',
  );
  fs.rmSync(dataFolder, { recursive: true, force: true });
});

test('the packaged application says in one sentence when Chromium’s sandbox cannot start', () => {
  const { status, stderr } = inChroot(launcher);
  expect(status).toBe(1);
  const helper = path.join(folder, 'chrome-sandbox');
  expect(stderr.split('\n').slice(-3).join('\n')).toBe(
    `Chromium's sandbox cannot start: this system does not let ${program} use a user namespace.\n` +
      `  Run once: sudo chown root:root '${helper}' && sudo chmod 4755 '${helper}'\n`,
  );
});
