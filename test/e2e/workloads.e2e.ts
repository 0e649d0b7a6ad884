import fs from 'node:fs';
import path from 'node:path';
import { seedHistory } from '../support/seed-history.ts';
import { writeRunningSession, writeWorkloadHistory } from '../support/workload-history.ts';
import { expect, open, picture, test } from './app.ts';

for (const theme of ['dark', 'light'] as const) {
  test(`lists and compares sessions, ${theme}`, async ({ slowburn }) => {
    writeWorkloadHistory(path.join(slowburn.dataFolder, 'history.simulated.db'), Date.now());
    const { page, app, complaints } = await slowburn.launch('--source', 'simulator');
    await page.evaluate((scheme) => window.slowburn.ask('settings.set', { theme: scheme, pricePerKwh: 0.32 }), theme);
    await open(page, 'Workloads');
    await expect(page.getByRole('row', { name: /ComfyUI/ })).toContainText('210 images');
    await expect(page.getByText('Ollama does not report token counts.')).toBeVisible();
    await picture(page, `workloads-${theme}`);
    for (const name of [/^Compare Janus/, /^Compare ComfyUI/]) await page.getByRole('checkbox', { name }).check();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await expect(page.getByText('FLUX.1-dev').first()).toBeHidden(); // another card's: not beside one's own
    await page.getByText('Published figures', { exact: true }).click();
    await expect(page.getByText('FLUX.1-dev').first()).toBeVisible();
    await picture(page, `workloads-compared-${theme}`);
    await page.getByRole('button', { name: 'Clear' }).click();
    for (const box of await page.getByRole('checkbox', { name: /^Compare generate\.py/ }).all()) await box.check();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await expect(page.getByText('knee').first()).toBeVisible();
    await picture(page, `workloads-sweep-${theme}`);
    await page.getByRole('button', { name: 'Add a price' }).click();
    await page.getByRole('group', { name: 'Price 1' }).getByLabel('EUR/kWh').fill('0.21');
    await page.getByLabel('Text in the command line').fill('own_generator.py');
    await page.getByLabel('Name', { exact: true }).fill('Own');
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await expect(page.getByText('own_generator.py')).toBeVisible();
    const set = await page.evaluate(() => window.slowburn.ask('settings.get'));
    expect(set).toMatchObject({
      value: {
        tariff: [{ days: 'all', fromMin: 1320, toMin: 360, pricePerKwh: 0.21 }],
        programs: [{ contains: 'own_generator.py', name: 'Own', kind: 'diffusion' }],
      },
    });
    await page.getByRole('heading', { name: 'Stress test' }).scrollIntoViewIfNeeded();
    await picture(page, `workloads-below-${theme}`);
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.setContentSize(640, 480));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide).toBe(0);
    await picture(page, `workloads-small-${theme}`);
    expect(complaints).toEqual([]);
  });
}

test('exports sessions, and says what an idle model cost', async ({ slowburn }) => {
  writeWorkloadHistory(path.join(slowburn.dataFolder, 'history.simulated.db'), Date.now());
  const { page, app, complaints } = await slowburn.launch('--source', 'simulator');
  await open(page, 'Workloads');
  await expect(
    page.getByText(/^llama3\.1:8b \(Ollama\) stayed loaded without work for \d+ min: [\d.]+ Wh/),
  ).toBeVisible();
  await expect(page.getByText('Unload it with: ollama stop llama3.1:8b')).toBeVisible();
  for (const format of ['CSV', 'JSON', 'PARQUET']) {
    const filePath = path.join(slowburn.dataFolder, `sessions.${format.toLowerCase()}`);
    // the system's own dialog cannot be driven: this is the answer of a person who chose that file
    await app.evaluate(({ dialog }, chosen) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: chosen });
    }, filePath);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('menuitem', { name: format }).click();
    await expect(page.getByText(`Saved: ${filePath}`)).toBeVisible({ timeout: 20_000 });
    expect(fs.statSync(filePath).size).toBeGreaterThan(1000);
  }
  expect(complaints).toEqual([]);
});

test('shows on its card who is at work, and what that came to so far', async ({ slowburn }) => {
  const card = { uuid: 'SIM-0001-00', name: 'Simulated 450 W card' };
  seedHistory(slowburn.dataFolder, 1, card);
  const file = path.join(slowburn.dataFolder, 'history.simulated.db');
  writeRunningSession(file, card.uuid, Date.now() - 31 * 60_000);
  const { page, complaints } = await slowburn.launch('--source', 'simulator');
  const article = page.getByRole('article', { name: card.name });
  await expect(article.getByText('ComfyUI')).toBeVisible();
  // the minute before the start was not recorded, so no energy per image is shown
  await expect(article.getByText(/31 min .*· 41 images · (≥ [\d.]+ Wh|[\d.]+ Wh between)/)).toBeVisible({
    timeout: 20_000, // noted every five seconds, and asked for every five
  });
  await expect(article).not.toContainText('/ image');
  await picture(page, 'at-work');
  expect(complaints).toEqual([]);
});

test('prices nothing by a price that is not said, and keeps the one before when it is emptied', async ({
  slowburn,
}) => {
  const { page } = await slowburn.launch('--source', 'simulator');
  const tariff = () =>
    page.evaluate(async () => {
      const answer = (await window.slowburn.ask('settings.get')) as { value: { tariff: { pricePerKwh: number }[] } };
      return answer.value.tariff.map(({ pricePerKwh }) => pricePerKwh);
    });
  await open(page, 'Workloads');
  await page.getByRole('button', { name: 'Add a price' }).click();
  const band = page.getByRole('group', { name: 'Price 1' });
  await band.getByLabel('To', { exact: true }).fill('07:00');
  await band.getByLabel('To', { exact: true }).blur();
  expect(await tariff()).toEqual([]);
  const price = band.getByLabel('EUR/kWh');
  await price.fill('0.21');
  await price.blur();
  await expect.poll(tariff).toEqual([0.21]);
  await price.fill('');
  await price.blur();
  await expect(price).toHaveValue('0.21');
  expect(await tariff()).toEqual([0.21]);
  await band.getByRole('button', { name: 'Remove' }).click();
  await expect.poll(tariff).toEqual([]);
});
