import fs from 'node:fs';
import path from 'node:path';
import { writeHotRecording } from '../support/hot-recording.ts';
import { writeRunningSession, writeWorkloadHistory } from '../support/workload-history.ts';
import { collectorPid, expect, open, picture, test } from './app.ts';

const PAGES = ['Live', 'History', 'Workloads', 'Wear', 'Alerts', 'Report', 'Settings'] as const;

test('shows a simulated card at once, says that it is simulated, and its temperature moves', async ({ slowburn }) => {
  const { page, complaints } = await slowburn.launch('--source', 'simulator');
  const gauge = page.getByRole('img', { name: /^Core temperature: \d+ °C$/ });
  await expect(gauge).toBeVisible();
  await expect(page.getByText('Simulated GPU', { exact: true })).toBeVisible();
  const first = await gauge.getAttribute('aria-label');
  await expect(gauge).not.toHaveAttribute('aria-label', first!, { timeout: 45_000 });
  expect(complaints).toEqual([]);
});

for (const theme of ['dark', 'light'] as const) {
  test(`opens every page without a complaint, ${theme}`, async ({ slowburn }) => {
    const { page, complaints } = await slowburn.launch('--source', 'simulator');
    await page.evaluate((scheme) => window.slowburn.ask('settings.set', { theme: scheme }), theme);
    await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
    await page.waitForTimeout(3000);
    for (const name of PAGES) {
      await open(page, name);
      await expect(page.getByRole('button', { name: new RegExp(`^${name}`), exact: false }).first()).toHaveAttribute(
        'aria-current',
        'page',
      );
      if (name !== 'Live') await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
      await page.waitForTimeout(600);
      await picture(page, `${theme}-${name.toLowerCase()}`);
    }
    expect(complaints).toEqual([]);
  });
}

test('shows every reading with its source, and what watching costs', async ({ slowburn }) => {
  const { page, complaints } = await slowburn.launch('--source', 'simulator:2');
  await page.getByText('All readings').click();
  const row = (label: string) => page.getByText(label, { exact: true }).locator('xpath=ancestor::div[1]');
  await expect(row('Shutdown limit')).toContainText('°C');
  await expect(row('Memory power')).toContainText('not supported by this card'); // never a number, never empty
  await row('Shutdown limit').locator('dd span').first().hover();
  await expect(page.getByText(/Simulator/).last()).toBeVisible();
  const foot = page.getByRole('contentinfo');
  await expect(foot).toContainText(/Slowburn: [\d.]+ % of one core/, { timeout: 20_000 });
  await expect(foot).toContainText(/samples kept/);
  await picture(page, 'all-readings');
  expect(complaints).toEqual([]);
});

test('shows eight cards on one screen', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator:8');
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setContentSize(1280, 800));
  await expect(page.getByRole('article')).toHaveCount(8);
  await page.waitForTimeout(1000);
  const last = await page.getByRole('article').last().boundingBox();
  expect(last!.y + last!.height).toBeLessThanOrEqual(800);
  await picture(page, 'eight-cards');
});

test('fits its width on every page, wide and narrow', async ({ slowburn }) => {
  const file = path.join(slowburn.dataFolder, 'history.simulated.db');
  writeWorkloadHistory(file, Date.now());
  writeRunningSession(file, 'SIM-0001-00', Date.now() - 31 * 60_000);
  const { app, page } = await slowburn.launch('--source', 'simulator:4');
  await page.evaluate(() => window.slowburn.ask('settings.set', { pricePerKwh: 0.32 }));
  await expect(page.getByRole('article')).toHaveCount(4);
  for (const width of [1280, 640]) {
    await app.evaluate(({ BrowserWindow }, w) => BrowserWindow.getAllWindows()[0]!.setContentSize(w, 800), width);
    await expect.poll(() => page.evaluate(() => window.innerWidth)).toBe(width);
    for (const name of PAGES) {
      await open(page, name);
      await page.waitForTimeout(1500);
      // a narrow window may scroll a table, never the page or its navigation
      const sideways = await page.evaluate((all) => {
        const scrolls = (one: Element): boolean =>
          ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1;
        return [...document.querySelectorAll(all ? 'body *' : 'html, body, nav, main')]
          .filter(scrolls)
          .map(({ className, scrollWidth, clientWidth }) => `${className}: ${scrollWidth} > ${clientWidth}`);
      }, width === 1280);
      expect.soft(sideways, `${name}, ${width} px`).toEqual([]);
    }
  }
});

test('stays usable in a small window', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator:2');
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setContentSize(640, 480));
  await expect(page.getByRole('article')).toHaveCount(2);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBe(0);
  await picture(page, 'small-window');
});

test('fires an alert on a hot card: a badge, the page, an entry that stays', async ({ slowburn }) => {
  const file = writeHotRecording(slowburn.dataFolder);
  const { page } = await slowburn.launch('--source', `replay:${file}`, '--speed', '10');
  await expect(page.getByText('Replayed recording')).toBeVisible();
  await expect(page.getByRole('navigation').getByTitle(/alerts? firing/)).toBeVisible({ timeout: 30_000 });
  await open(page, 'Alerts');
  await expect(page.getByRole('alert').getByText('Core at its slowdown limit (93 °C)')).toBeVisible();
  await picture(page, 'alert-firing');
  await expect(page.getByText('No active alerts.')).toBeVisible({ timeout: 30_000 });
  const past = page.getByRole('table').first();
  await expect(past.getByRole('cell', { name: 'Core at its slowdown limit (93 °C)' })).toBeVisible();
  await open(page, 'Live');
  await expect(page.getByText('The recording has been played to its end.')).toBeVisible({ timeout: 30_000 });
  await picture(page, 'replay-ended');
});

test('shows a card that the driver has lost, and why', async ({ slowburn }) => {
  const file = path.resolve(import.meta.dirname, '../fixtures/nvidia-smi/two-cards.xml');
  const { page } = await slowburn.launch('--source', `replay:${file}`);
  const lost = page.getByRole('article', { name: 'Fixture Card Two' });
  await expect(lost.getByText('The driver has lost this GPU')).toBeVisible();
  await expect(lost.getByRole('img', { name: 'Core temperature: GPU lost' })).toBeVisible();
  await expect(page.getByRole('article', { name: 'Fixture Card One' }).getByText('Throttled by heat')).toBeVisible();
  await picture(page, 'lost-card');
});

test('starts a killed collector again and shows the time without it as a gap', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  await page.waitForTimeout(2500);
  const pid = await collectorPid(app);
  process.kill(pid!, 'SIGKILL');
  await expect(page.getByText('restarting the recorder', { exact: true }).first()).toBeVisible();
  await picture(page, 'collector-killed');
  await expect(page.getByText('recording', { exact: true })).toBeVisible({ timeout: 20_000 });
  expect(await collectorPid(app)).not.toBe(pid);
  await open(page, 'History');
  await expect(page.getByText('Not observed', { exact: true })).toBeVisible({ timeout: 20_000 });
  await picture(page, 'history-with-gap');
});

test('finds its history and settings again after a restart', async ({ slowburn }) => {
  const first = await slowburn.launch('--source', 'simulator');
  await expect(first.page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  await open(first.page, 'Settings');
  await first.page.getByText('°F', { exact: true }).click();
  await expect.poll(() => fs.existsSync(path.join(slowburn.dataFolder, 'settings.json'))).toBe(true);
  await first.page.waitForTimeout(2000);
  const extent = async (page: typeof first.page) =>
    (await page.evaluate(() => window.slowburn.ask('history.extent'))) as { value: { fromMs: number } };
  const before = await extent(first.page);
  await first.app.close();

  const second = await slowburn.launch('--source', 'simulator');
  await expect(second.page.getByRole('img', { name: /^Core temperature: \d+ °F$/ })).toBeVisible();
  expect((await extent(second.page)).value.fromMs).toBe(before.value.fromMs);
  await open(second.page, 'History');
  await expect(second.page.getByText('Not observed', { exact: true })).toBeVisible({ timeout: 20_000 });
});

test('exports a report that stands alone, and the samples', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  await page.waitForTimeout(3000);
  await open(page, 'Report');
  const preview = page.frameLocator('iframe');
  await expect(preview.getByRole('heading', { name: 'Simulated 450 W card' })).toBeVisible();
  for (const [button, format] of [
    ['Save as HTML', 'html'],
    ['Save samples as CSV', 'csv'],
  ] as const) {
    const file = path.join(slowburn.dataFolder, `report.${format}`);
    // the system's own dialog cannot be driven: this is the answer of a person who chose that file
    await app.evaluate(
      ({ dialog }, filePath) => (dialog.showSaveDialog = async () => ({ canceled: false, filePath })),
      file,
    );
    await page.getByRole('button', { name: button }).click();
    await expect(page.getByText(`Saved: ${file}`)).toBeVisible();
    expect(fs.statSync(file).size).toBeGreaterThan(500);
  }
  expect(fs.readFileSync(path.join(slowburn.dataFolder, 'report.html'), 'utf8')).toContain('not a failure probability');
});

test('says in the window what is wrong with a source, and what to do', async ({ slowburn }) => {
  const { page } = await slowburn.launch('--source', 'nvml:/nonexistent/libnvidia-ml.so.1');
  await expect(page.getByText('No NVIDIA driver library (NVML) was found on this machine.').first()).toBeVisible();
  await picture(page, 'no-driver');
});
