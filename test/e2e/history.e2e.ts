import fs from 'node:fs';
import path from 'node:path';
import { seedHistory } from '../support/seed-history.ts';
import { answerDialogs, expect, open, picture, test } from './app.ts';
import type { Page } from '@playwright/test';

const GPU = { uuid: 'SIM-0001-00', name: 'Simulated 450 W card' };
const DAYS = 3;

/** The stretch of time that the page says it shows. */
const shown = (page: Page) => page.getByText(/^\w{3} \d+, \d{4}.* – /);
const plot = (page: Page) => page.locator('.u-over').first();

type Box = { readonly x: number; readonly y: number; readonly width: number };

/** Draws the mouse over a chart, from one share of its width to another. */
async function drag(page: Page, { x, y, width }: Box, from: number, to: number, key?: 'Shift'): Promise<void> {
  if (key) await page.keyboard.down(key);
  await page.mouse.move(x + width * from, y + 30);
  await page.mouse.down();
  await page.mouse.move(x + width * to, y + 30, { steps: 5 });
  await page.mouse.up();
  if (key) await page.keyboard.up(key);
}

for (const theme of ['dark', 'light'] as const) {
  test(`zooms by brush and wheel, moves, and finds the way back, ${theme}`, async ({ slowburn }) => {
    seedHistory(slowburn.dataFolder, DAYS, GPU);
    const { page, complaints } = await slowburn.launch('--source', 'simulator');
    await page.evaluate((scheme) => window.slowburn.ask('settings.set', { theme: scheme }), theme);
    // charts are drawn again when the colours change: not in the middle of a drag
    await page.waitForFunction((scheme) => matchMedia(`(prefers-color-scheme: ${scheme})`).matches, theme);
    await open(page, 'History');
    await page.getByText('1 week', { exact: true }).click();
    await expect(page.getByRole('img', { name: 'Core temperature' })).toBeVisible();
    await expect(page.getByText('Driver', { exact: true })).toBeVisible();
    await expect(page.getByText('Reset', { exact: true })).toBeVisible();
    await expect(page.getByText('Not observed', { exact: true })).toBeVisible();
    await expect(page.getByText(/In view: observed \d+ % · energy/)).toBeVisible();
    await picture(page, `${theme}-history-week`);

    const box = (await plot(page).boundingBox())!;
    await drag(page, box, 0.9, 0.95);
    await expect(shown(page)).toContainText('8 h');
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, -100);
    await expect(shown(page)).toContainText(/· [123] s$/);
    await expect(page.getByText(/^samples, /)).toBeVisible();
    await picture(page, `${theme}-history-second`);

    const before = await shown(page).textContent();
    // the view may be a second long, and the text tells whole ones: twice most of its width is more than one
    for (let i = 0; i < 2; i++) await drag(page, box, 0.95, 0.1, 'Shift');
    await expect(shown(page)).not.toHaveText(before!);

    // to where the card was off: the charts stay there, hatched, and can be moved on
    await page.getByText('1 week', { exact: true }).click();
    const agoH = (hours: number): number => 1 - hours / 168;
    await drag(page, box, agoH(48 - 2.5), agoH(48 - 5.5));
    await expect(page.getByText('No data for these metrics in this range.')).toBeVisible();
    await picture(page, `${theme}-history-off`);
    await drag(page, box, 0.95, 0.1, 'Shift');
    await expect(page.getByText('No data for these metrics in this range.')).toBeHidden();
    await page.getByRole('button', { name: 'Now', exact: true }).click();
    await page.getByText('1 week', { exact: true }).click();
    await expect(shown(page)).toContainText('Now · 7 d');
    expect(complaints).toEqual([]);
  });
}

test('exports what is in view, with progress, and says where', async ({ slowburn }) => {
  seedHistory(slowburn.dataFolder, DAYS, GPU);
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await open(page, 'History');
  await page.getByText('1 week', { exact: true }).click();
  for (const format of ['CSV', 'PARQUET']) {
    const filePath = path.join(slowburn.dataFolder, `out.${format.toLowerCase()}`);
    // the system's own dialog cannot be driven: this is the answer of a person who chose that file
    await app.evaluate(({ dialog }, chosen) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: chosen });
    }, filePath);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('menuitem', { name: format }).click();
    await expect(page.getByText(`Saved: ${filePath}`)).toBeVisible({ timeout: 20_000 });
    expect(fs.statSync(filePath).size).toBeGreaterThan(10_000);
  }
});

test('shows what the disk holds, and what a rule would delete before it does', async ({ slowburn }) => {
  seedHistory(slowburn.dataFolder, DAYS, GPU);
  const { app, page, complaints } = await slowburn.launch('--source', 'simulator');
  await answerDialogs(app, 1);
  await open(page, 'Settings');
  const row = page.getByRole('row', { name: /Simulated 450 W card/ });
  await expect(row).toBeVisible();
  const samples = async () => Number((await row.getByRole('cell').nth(1).textContent())!.replace(/\D/g, ''));
  const before = await samples();
  await page.getByLabel('Keep samples for').fill('1');
  await expect(page.getByText(/this deletes .* full-resolution samples/)).toBeVisible();
  await picture(page, 'settings-rule');
  expect(await samples()).toBe(before); // nothing is deleted before it is applied
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText(/^Keep samples for 1 day: applies from/)).toBeVisible();
  expect(await samples()).toBe(before); // nor for the first day
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await expect(page.getByText('Checked: no damage found.')).toBeVisible({ timeout: 20_000 });
  expect(complaints).toEqual([]);
});
