import fs from 'node:fs';
import path from 'node:path';
import type { ElectronApplication } from '@playwright/test';
import { answerDialogs, expect, open, picture, test } from './app.ts';

// Each edge between processes is broken once, in the real application, and recovers.

function logOf(dataFolder: string, name = 'window'): string {
  const file = path.join(dataFolder, 'log', `${name}.log`);
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}

const pageProcess = (app: ElectronApplication): Promise<number> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getOSProcessId());

/** The label of the first gauge, read by main: the driver of these tests loses a page that crashed. */
const gauge = (app: ElectronApplication): Promise<string | null> =>
  app.evaluate(async ({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!;
    const label = webContents
      .executeJavaScript('document.querySelector("svg[role=img]")?.getAttribute("aria-label") ?? null')
      .catch(() => null) as Promise<string | null>;
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), 1000)); // a dead page never answers
    return Promise.race([label, late]);
  });

/** Kills the process of the page, and waits for another. */
async function killPage(app: ElectronApplication): Promise<void> {
  const pid = await pageProcess(app);
  process.kill(pid, 'SIGKILL');
  const isAnother = async (): Promise<boolean> => ![0, pid].includes(await pageProcess(app));
  await expect.poll(isAnother, { timeout: 20_000 }).toBe(true);
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
  // a fault of a page's own code, as a browser that lacks a function would cause it
  await page.evaluate(() => {
    const { ResizeObserver } = window;
    Object.assign(window, {
      mend: () => Object.assign(window, { ResizeObserver }),
      ResizeObserver: class {
        constructor() {
          throw new Error('ResizeObserver is broken');
        }
      },
    });
  });
  await open(page, 'History');
  await expect(page.getByRole('alert').getByText('This page could not be shown')).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('ResizeObserver is broken')).toBeVisible();
  await picture(page, 'page-failed');
  await open(page, 'Alerts'); // the others are as they were
  await expect(page.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible();
  await open(page, 'History');
  await expect(page.getByText('ResizeObserver is broken')).toBeVisible({ timeout: 20_000 });
  await page.evaluate(() => (window as unknown as { mend: () => void }).mend());
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'History' })).toBeVisible();
  await expect.poll(() => logOf(slowburn.dataFolder)).toContain('ResizeObserver is broken');
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

test('leaves out messages of the recorder that it cannot use, counts them, and continues', async ({ slowburn }) => {
  slowburn.insert(
    'node/collector.js',
    `setTimeout(() => {
      for (const message of [{ type: 'tick', tick: { gpus: 5 } }, { type: 'alerts', firing: [], fired: 5 }])
        process.parentPort.postMessage(message);
    }, 4000);`,
  );
  const { page } = await slowburn.launch('--source', 'simulator');
  const temperature = page.getByRole('img', { name: /^Core temperature: \d+ °C$/ });
  await expect(temperature).toBeVisible();
  await expect(page.getByRole('contentinfo')).toContainText('2 updates could not be read', { timeout: 20_000 });
  expect(logOf(slowburn.dataFolder)).toContain('An update of the recorder could not be read: tick: ');
  const before = await temperature.getAttribute('aria-label');
  await expect(temperature).not.toHaveAttribute('aria-label', before!, { timeout: 45_000 });
});

test('records why the recorder died, starts another, and continues', async ({ slowburn }) => {
  const mark = path.join(slowburn.dataFolder, 'died');
  slowburn.insert(
    'node/collector.js',
    `import files from 'node:fs';
    if (!files.existsSync(${JSON.stringify(mark)}))
      setTimeout(() => {
        files.writeFileSync(${JSON.stringify(mark)}, '');
        throw new Error('the disk melted');
      }, 4000);`,
  );
  const { page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  const recorderLog = (): string => logOf(slowburn.dataFolder, 'recorder');
  await expect
    .poll(recorderLog, { timeout: 20_000 })
    .toMatch(/ends by an uncaughtException: Error: the disk melted\n +at /);
  await expect.poll(() => recorderLog().match(/Recording from /g)?.length, { timeout: 30_000 }).toBe(2);
  expect(logOf(slowburn.dataFolder)).toContain('The recorder ended with code 1. It is started again.');
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
