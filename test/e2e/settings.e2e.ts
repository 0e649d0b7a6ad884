import fs from 'node:fs';
import path from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { defaultSettings } from '../../app/settings/settings.ts';
import { OLD_HOURS, RECENT_HOURS, writeLongHistory } from '../support/long-history.ts';
import { answerDialogs, expect, open, picture, test } from './app.ts';

const LONG = { retentionDays: 3650, historyCapMb: null };

/** A data folder with 1,200 hours, of which the default limits would delete 812. */
function prepare(folder: string, settings: string): void {
  writeLongHistory(folder, 3, 'history.simulated.db');
  const state = { retentionDays: { inForce: 3650 }, historyCapMb: { inForce: null } };
  fs.writeFileSync(path.join(folder, 'history.simulated.retention.json'), JSON.stringify(state));
  fs.writeFileSync(path.join(folder, 'settings.json'), settings);
}

/** Hours of full resolution that the three cards have. */
const hoursKept = async (page: Page): Promise<number> => {
  const answer = (await page.evaluate((rule) => window.slowburn.ask('history.storage', rule), LONG)) as {
    value?: { storage: { gpus: { gpuName: string; samples: number }[] } };
  };
  const cards = answer.value?.storage.gpus.filter(({ gpuName }) => gpuName.startsWith('Test GPU')) ?? [];
  return cards.reduce((sum, { samples }) => sum + samples, 0) / 18;
};

const asked = (app: ElectronApplication): Promise<string[]> =>
  app.evaluate(() => (globalThis as { asked?: string[] }).asked ?? []);

test('says in the window which settings could not be read, and deletes nothing', async ({ slowburn }) => {
  prepare(slowburn.dataFolder, '{\n  "theme": "sepia",\n  "retentionDays": "365",\n  "historyCapMb": null\n}\n');
  const { page } = await slowburn.launch('--source', 'simulator');
  const banner = page.getByRole('status').filter({ hasText: 'could not be read' });
  await expect(banner).toContainText('theme (line 2)');
  await expect(banner).toContainText('retentionDays (line 3)');
  await expect(banner).toContainText('settings.json.unreadable-');
  await open(page, 'Settings');
  await expect(page.getByText('No recorded samples are deleted').last()).toBeVisible();
  await picture(page, 'settings-unreadable');
  await page.waitForTimeout(8000); // two rounds of housekeeping
  expect(await hoursKept(page)).toBe(OLD_HOURS + RECENT_HOURS);
  // put right by hand while it runs
  fs.writeFileSync(path.join(slowburn.dataFolder, 'settings.json'), JSON.stringify({ ...defaultSettings, ...LONG }));
  await expect(banner).toHaveCount(0, { timeout: 10_000 });
  await expect(page.getByText('No recorded samples are deleted')).toHaveCount(0);
});

test('asks before a limit deletes more than a day, waits a day, and can be undone', async ({ slowburn }) => {
  prepare(slowburn.dataFolder, JSON.stringify({ ...defaultSettings, ...LONG }));
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await open(page, 'Settings');
  const set = (change: object) => page.evaluate((to) => window.slowburn.ask('settings.set', to), change);
  await expect.poll(() => hoursKept(page), { timeout: 20_000 }).toBe(OLD_HOURS + RECENT_HOURS);

  await answerDialogs(app, 0);
  expect(await set({ retentionDays: 365 })).toMatchObject({ ok: true, value: { retentionDays: 3650 } });
  expect(await asked(app)).toEqual(['This deletes 812 hours of full-resolution data for 3 GPUs.']);

  await answerDialogs(app, 1);
  const days = page.getByLabel('Keep samples for');
  await days.fill('365');
  await page.getByRole('button', { name: 'Apply' }).click();
  const waiting = page.getByRole('status').filter({ hasText: 'at the earliest' });
  await expect(waiting).toContainText('365 days');
  await expect(waiting).toContainText('3650 days');
  await picture(page, 'retention-waits');
  expect(await asked(app)).toHaveLength(2);
  await page.waitForTimeout(8000); // two rounds of housekeeping
  expect(await hoursKept(page)).toBe(OLD_HOURS + RECENT_HOURS);

  await waiting.getByRole('button', { name: 'Undo' }).click();
  await expect(waiting).toHaveCount(0);
  await expect(days).toHaveValue(/3\s?650/);
  expect(await asked(app)).toHaveLength(2); // the way back deletes nothing, so nothing is asked
});
