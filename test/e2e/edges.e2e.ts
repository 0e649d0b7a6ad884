import fs from 'node:fs';
import path from 'node:path';
import type { ElectronApplication } from '@playwright/test';
import { answerDialogs, expect, open, picture, test } from './app.ts';

// Each edge between processes is broken once, in the real application, and recovers.

const logOf = (dataFolder: string): string => fs.readFileSync(path.join(dataFolder, 'log', 'window.log'), 'utf8');

const pageProcess = (app: ElectronApplication): Promise<number> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getOSProcessId());

/** The label of the first gauge, asked of the page itself: the driver of these tests lets go of a page that crashed. */
const gauge = (app: ElectronApplication): Promise<string | null> =>
  app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]!
      .webContents.executeJavaScript('document.querySelector("svg[role=img]")?.getAttribute("aria-label") ?? null')
      .catch(() => null),
  );

/** Kills the process of the page, and waits for another. */
async function killPage(app: ElectronApplication): Promise<void> {
  const pid = await pageProcess(app);
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => pageProcess(app), { timeout: 20_000 }).not.toBe(pid);
}

test('leaves out an update that does not match its schema, counts it, and continues', async ({ slowburn }) => {
  const { app, page, complaints } = await slowburn.launch('--source', 'simulator');
  const temperature = page.getByRole('img', { name: /^Core temperature: \d+ °C$/ });
  await expect(temperature).toBeVisible();
  await app.evaluate(({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!;
    webContents.send('push', 'tick', { gpus: 5 });
    webContents.send('push', 'alerts', 'nonsense');
    webContents.send('push', 'no-such-push', {});
  });
  await expect(page.getByRole('contentinfo')).toContainText('3 updates could not be read');
  await picture(page, 'unread-updates');
  const before = await temperature.getAttribute('aria-label');
  await expect(temperature).not.toHaveAttribute('aria-label', before!, { timeout: 45_000 });
  expect(complaints).toEqual([]);
});

test('shows what failed in place of a page that cannot be drawn, with a way back', async ({ slowburn }) => {
  const { page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  await open(page, 'Alerts'); // its file is loaded
  await open(page, 'Live');
  // a fault of the page's own code, as a browser that lacks a function would cause it
  await page.evaluate(() => {
    const { filter } = Array.prototype;
    Object.assign(window, { mend: () => (Array.prototype.filter = filter) });
    Array.prototype.filter = () => {
      throw new Error('filter is broken');
    };
  });
  await open(page, 'Alerts');
  await expect(page.getByRole('alert').getByText('This page could not be shown')).toBeVisible();
  await expect(page.getByText('filter is broken')).toBeVisible();
  await picture(page, 'page-failed');
  await page.evaluate(() => (window as unknown as { mend: () => void }).mend());
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible();
  await expect.poll(() => logOf(slowburn.dataFolder)).toContain('filter is broken');
});

test('loads a killed page again, and asks a person when it keeps ending', async ({ slowburn }) => {
  test.setTimeout(120_000);
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  await answerDialogs(app, 0); // "Reload the window"
  await killPage(app);
  await expect.poll(() => gauge(app), { timeout: 30_000 }).toMatch(/^Core temperature: \d+ °C$/);
  expect(logOf(slowburn.dataFolder)).toMatch(/The process of the page ended: killed/);
  for (let again = 0; again < 4; again++) await killPage(app);
  const asked = await app.evaluate(() => (globalThis as { asked?: string[] }).asked);
  expect(asked).toEqual(['The window stopped several times in a row.']);
  await expect.poll(() => gauge(app), { timeout: 30_000 }).toMatch(/^Core temperature: \d+ °C$/);
});

test('notes in the log why the recorder ended', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  const pid = await app.evaluate(
    ({ app: electron }) => electron.getAppMetrics().find(({ name }) => name === 'Slowburn collector')?.pid,
  );
  process.kill(pid!, 'SIGKILL');
  await expect.poll(() => logOf(slowburn.dataFolder)).toMatch(/Slowburn collector ended: killed/);
});
