import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ElectronApplication, Page } from '@playwright/test';
import { startBus, startNotificationServer, startTray } from '../support/desktop-bus.ts';
import { answerDialogs, expect, open, picture, test as base } from './app.ts';

/** Slowburn on its own session bus, on which a test puts a tray or a notification server. */
const test = base.extend<{ bus: string; desktop: void }>({
  bus: async ({}, use) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bus-'));
    const { address, stop } = await startBus(folder);
    await use(address);
    stop();
    fs.rmSync(folder, { recursive: true, force: true });
  },
  // the bus before the application, so that it ends after it: Chromium aborts when its bus goes away
  desktop: [
    async ({ bus, slowburn }, use) => {
      slowburn.environment['DBUS_SESSION_BUS_ADDRESS'] = bus;
      slowburn.environment['XDG_CONFIG_HOME'] = path.join(slowburn.dataFolder, 'config');
      await use();
    },
    { auto: true },
  ],
});

type AlertsOf = { alerts: { pausedUntilMs: number | null } };
const settingsIn = (folder: string): Record<string, unknown> & AlertsOf =>
  JSON.parse(fs.readFileSync(path.join(folder, 'settings.json'), 'utf8')) as Record<string, unknown> & AlertsOf;

const windows = (app: ElectronApplication): Promise<number> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
const closeWindow = (app: ElectronApplication): Promise<void> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
const ask = (page: Page, channel: string, payload?: unknown): Promise<unknown> =>
  page.evaluate(([name, what]) => window.slowburn.ask(name, what), [channel, payload] as const);

/** A rule that fires on every card. */
const firing = (page: Page): Promise<unknown> =>
  ask(page, 'settings.set', {
    alerts: { quietHours: null, pausedUntilMs: null, rules: { 'core-fixed': { on: true, limit: 40, holdS: 0 } } },
  });

test('has a tray menu with a line per card and pauses alerts, across a restart', async ({ slowburn, bus }) => {
  const tray = await startTray(bus);
  const { app, page } = await slowburn.launch('--source', 'simulator:2');
  await expect.poll(tray.isThere).toBe(true);
  const labels = async (): Promise<string[]> => (await tray.menu()).map(({ label }) => label);
  await expect.poll(async () => (await labels())[1], { timeout: 20_000 }).toMatch(/^Simulated .+ · \d+ °C · \d+ W$/);
  expect(await labels()).toEqual([
    'Simulated GPU',
    expect.stringMatching(/°C · \d+ W$/),
    expect.stringMatching(/°C · \d+ W$/),
    '—',
    'No active alerts.',
    '—',
    'Pause alerts for 1 hour',
    '—',
    'Open Slowburn',
    'Quit Slowburn',
  ]);
  await tray.click((await tray.menu()).find(({ label }) => label.startsWith('Pause'))!.id);
  await expect.poll(labels).toContain('Resume alerts now');
  await expect(page.getByText(/^Alerts are paused until/).first()).toBeVisible();
  await picture(page, 'alerts-paused');
  const { pausedUntilMs } = settingsIn(slowburn.dataFolder).alerts;
  expect(pausedUntilMs! - Date.now()).toBeGreaterThan(3_500_000);
  await app.close();
  tray.stop();

  const again = await startTray(bus);
  const second = await slowburn.launch('--source', 'simulator:2');
  await expect.poll(again.isThere).toBe(true);
  const pause = async () => (await again.menu()).find(({ label }) => label.startsWith('Alerts paused until'));
  await expect.poll(pause).toMatchObject({ enabled: false });
  await again.click((await again.menu()).find(({ label }) => label.startsWith('Resume'))!.id);
  await expect.poll(() => settingsIn(slowburn.dataFolder).alerts.pausedUntilMs).toBe(null);
  await expect(second.page.getByText(/^Alerts are paused until/)).toBeHidden();
  again.stop();
});

test('closes into the tray, and a notification leads back to its alert', async ({ slowburn, bus }) => {
  const tray = await startTray(bus);
  const server = await startNotificationServer(bus, ['actions', 'body']);
  const { app, page } = await slowburn.launch('--source', 'simulator:2');
  await expect(page.getByRole('article')).toHaveCount(2);
  await firing(page);
  await expect.poll(() => server.shown.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  expect(server.shown.map(({ title }) => title)).toEqual(
    Array.from({ length: 2 }, () => expect.stringContaining('40')),
  );
  const second = server.shown.find(({ body }) => body.includes('GPU 1'))!;
  await closeWindow(app);
  await expect.poll(() => windows(app)).toBe(0);
  await expect.poll(async () => (await tray.menu()).filter(({ label }) => label.startsWith('▲')).length).toBe(2);

  const opened = app.waitForEvent('window');
  server.press(second.id, 'open');
  const back = await opened;
  await expect(back.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible();
  const alert = back.getByRole('alert').filter({ hasText: 'GPU 1' });
  await expect(alert.getByRole('button', { name: 'Acknowledge' })).toBeFocused();
  await picture(back, 'alert-focused');

  server.press(second.id, 'acknowledge');
  await expect(back.getByText(/acknowledged/).first()).toBeVisible();
  await expect.poll(() => server.closed).toContain(second.id); // it was acted on
  await open(back, 'Live');
  const first = server.shown.find(({ body }) => body.includes('GPU 0'))!;
  server.press(first.id, 'default');
  await expect(back.getByRole('alert').getByRole('button', { name: 'Acknowledge' })).toBeFocused();
  server.stop();
  tray.stop();
});

test('without a tray says once what closing does: keeps recording minimised', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  await answerDialogs(app, 1);
  await closeWindow(app);
  const asked = () => app.evaluate(() => (globalThis as { asked?: string[] }).asked ?? []);
  await expect.poll(asked).toEqual(['Quit Slowburn and stop recording?']);
  expect(await windows(app)).toBe(1);
  await open(page, 'Settings');
  const ways = page.getByRole('radiogroup', { name: 'When the window is closed' });
  await expect(ways).toBeVisible();
  await ways.scrollIntoViewIfNeeded();
  await picture(page, 'settings-without-tray');
  await ask(page, 'settings.set', { closeWithoutTray: 'minimise' });
  await app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    const seen = globalThis as { minimised?: number };
    seen.minimised = 0;
    window!.minimize = () => void (seen.minimised! += 1); // no window manager runs here that could do it
  });
  await closeWindow(app);
  await expect.poll(() => app.evaluate(() => (globalThis as { minimised?: number }).minimised)).toBe(1);
  expect(await asked()).toHaveLength(1);
});

test('without a tray quits when that is chosen', async ({ slowburn }) => {
  const { app, page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  await answerDialogs(app, 0);
  const ended = app.waitForEvent('close');
  await closeWindow(app);
  await ended;
});

test('starts hidden in the tray', async ({ slowburn, bus }) => {
  const tray = await startTray(bus);
  const app = await slowburn.start('--source', 'simulator', '--hidden');
  await expect.poll(tray.isThere).toBe(true);
  await expect.poll(async () => (await tray.menu())[1]?.label, { timeout: 20_000 }).toMatch(/°C/);
  expect(await windows(app)).toBe(0);
  const opened = app.waitForEvent('window');
  await tray.click((await tray.menu()).find(({ label }) => label === 'Open Slowburn')!.id);
  await expect((await opened).getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  tray.stop();
});

test('starts minimised where it cannot start in a tray', async ({ slowburn }) => {
  const app = await slowburn.start('--source', 'simulator', '--hidden');
  expect(await windows(app)).toBe(0);
  await app.evaluate(({ app: electron }) => {
    const done = ((globalThis as { done?: string[] }).done = [] as string[]);
    // no window manager runs here that could minimise a window
    electron.on('browser-window-created', (_event, window) => {
      window.minimize = () => void done.push('minimise');
      window.show = () => void done.push('show');
    });
  });
  await expect
    .poll(() => app.evaluate(() => (globalThis as { done?: string[] }).done), { timeout: 30_000 })
    .toEqual(['minimise']);
});

test('starts at login by a file of the desktop, hidden or not, until it is switched off', async ({ slowburn }) => {
  const { page } = await slowburn.launch('--source', 'simulator');
  const file = path.join(slowburn.dataFolder, 'config/autostart/slowburn.desktop');
  const exec = (): string => /^Exec=(.*)$/m.exec(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '')?.[1] ?? '';
  await open(page, 'Settings');
  const login = page.getByRole('switch', { name: 'Start at login' });
  await expect(login).not.toBeChecked();
  await login.click({ force: true });
  await expect(login).toBeChecked();
  expect(exec()).toContain(`"--hidden" "--data-dir" "${slowburn.dataFolder}"`);
  await page.getByRole('switch', { name: 'Start without a window' }).click({ force: true });
  await expect.poll(exec).not.toContain('--hidden');
  await login.scrollIntoViewIfNeeded();
  await picture(page, 'settings-behaviour');
  fs.appendFileSync(file, 'Hidden=true\n'); // as a desktop's own settings switch it off
  expect(await ask(page, 'desktop.get')).toMatchObject({ value: { startsAtLogin: false } });
  await ask(page, 'desktop.startAtLogin', { on: false });
  expect(fs.existsSync(file)).toBe(false);
});
