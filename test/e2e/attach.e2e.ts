import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import type { CollectorStatus } from '../../app/contract/channels.ts';
import { readRecorder } from '../../app/core/recorder-note.node.ts';
import { collectorPid, copyOfApplication, expect, open, picture, test as base, type Slowburn } from './app.ts';

const checkout = path.resolve(import.meta.dirname, '../..');
const { version } = JSON.parse(fs.readFileSync(path.join(checkout, 'package.json'), 'utf8')) as { version: string };
const CLOSING = /Closing this window does not stop it\./;
const ALREADY = /Another Slowburn is already recording/;

type Recorders = {
  /** A copy of the built recorder in which a text is replaced. @returns its program */
  readonly changed: (from: string, to: string) => string;
  /** Starts `slowburn record`, or another command that records, and waits until it answers on its socket. */
  readonly record: (folder: string, options?: RecordOptions) => Promise<ChildProcess>;
};
type RecordOptions = {
  readonly command?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly program?: string;
};

const test = base.extend<{ recorders: Recorders }>({
  recorders: async ({}, use) => {
    const started: ChildProcess[] = [];
    const copies: string[] = [];
    await use({
      changed(from, to) {
        const copy = copyOfApplication();
        copies.push(copy);
        const folder = path.join(copy, 'out/node');
        let changes = 0;
        for (const name of fs.readdirSync(folder)) {
          const built = fs.readFileSync(path.join(folder, name), 'utf8');
          changes += built.split(from).length - 1;
          fs.writeFileSync(path.join(folder, name), built.replaceAll(from, to));
        }
        expect(changes).toBeGreaterThan(0);
        return path.join(folder, 'slowburn.js');
      },
      async record(
        folder,
        { command = ['record'], environment = {}, program = path.join(checkout, 'out/node/slowburn.js') } = {},
      ) {
        const options = [...command, '--source', 'simulator', '--data-dir', folder];
        const child = spawn(process.execPath, [program, ...options], {
          env: { PATH: process.env['PATH'] ?? '', ...environment },
          stdio: 'ignore',
        });
        started.push(child);
        await expect.poll(() => recorderOf(folder)?.pid, { timeout: 30_000 }).toBe(child.pid);
        return child;
      },
    });
    for (const child of started) {
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (!ended) await new Promise((resolve) => (child.once('exit', resolve), child.kill('SIGTERM')));
    }
    for (const copy of copies) fs.rmSync(copy, { recursive: true, force: true });
  },
});

/** The recorder of a folder, once it answers on a socket. */
function recorderOf(folder: string) {
  const recorder = readRecorder(folder);
  return recorder?.socket === undefined ? undefined : recorder;
}

const statusOf = async (page: Page): Promise<CollectorStatus> =>
  ((await page.evaluate(() => window.slowburn.ask('collector.status'))) as { value: CollectorStatus }).value;

/** The recorder that the window follows. */
const followedPid = async (page: Page): Promise<number | undefined> => {
  const { state, recorder } = await statusOf(page);
  return state === 'running' ? recorder?.pid : undefined;
};

const isLive = (page: Page) => expect(page.getByRole('img', { name: /^Core temperature: \d+/ }).first()).toBeVisible();

/** Recording continues: the history of the folder gets samples of a later time than now. */
async function keepsRecording(folder: string, pid: number | undefined): Promise<void> {
  const sinceMs = Date.now();
  const wal = path.join(folder, 'history.simulated.db-wal');
  await expect.poll(() => fs.statSync(wal).mtimeMs, { timeout: 10_000 }).toBeGreaterThan(sinceMs);
  expect(recorderOf(folder)?.pid).toBe(pid);
}

test('shows what a service records, and leaves it running when it quits', async ({ slowburn, recorders }) => {
  const { dataFolder } = slowburn;
  const { pid } = await recorders.record(dataFolder);
  const { app, page, complaints } = await slowburn.launch();
  await isLive(page);
  await expect(page.getByText(/Recording by the service since .+/)).toHaveText(CLOSING);
  expect(await collectorPid(app)).toBeUndefined();
  await picture(page, 'attached-live');
  await open(page, 'Settings');
  await expect(page.getByText(/If it ends, this window starts to record after 10 s/)).toBeVisible();
  await picture(page, 'attached-settings');

  // a setting of the window reaches the recorder, and one of another program reaches the window
  await page.getByRole('combobox', { name: 'Time between samples' }).click();
  await page.getByRole('option', { name: '0.5 s' }).click();
  await expect.poll(() => recorderOf(dataFolder)?.intervalMs, { timeout: 10_000 }).toBe(500);
  const file = path.join(dataFolder, 'settings.json');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"intervalMs": 500', '"intervalMs": 2000'));
  await expect(page.getByText('· every 2 s')).toBeVisible({ timeout: 10_000 });
  await expect.poll(() => recorderOf(dataFolder)?.intervalMs, { timeout: 10_000 }).toBe(2000);

  expect(complaints).toEqual([]);
  await app.close();
  await keepsRecording(dataFolder, pid);
});

test('is back soon after the service was killed and started again', async ({ slowburn, recorders }) => {
  const { dataFolder } = slowburn;
  const first = await recorders.record(dataFolder);
  const { app, page } = await slowburn.launch();
  await isLive(page);
  for (let round = 1; round <= 2; round++) {
    process.kill((await followedPid(page))!, 'SIGKILL');
    await expect(page.getByText('The recorder has ended')).toBeVisible();
    if (round === 1) await picture(page, 'attached-waiting');
    const { pid } = await recorders.record(dataFolder);
    const answeredMs = performance.now();
    await expect.poll(() => followedPid(page), { timeout: 8_000, intervals: [50] }).toBe(pid);
    const backMs = Math.round(performance.now() - answeredMs);
    process.stdout.write(`attached again ${backMs} ms after the recorder answered\n`);
    await expect(page.getByText('The recorder has ended')).toBeHidden();
  }
  expect(first.signalCode).toBe('SIGKILL');
  expect(await collectorPid(app)).toBeUndefined();
  await open(page, 'History');
  await expect(page.getByText('Not observed', { exact: true })).toBeVisible({ timeout: 20_000 });
});

test('records when the service stays away, and gives the folder to the service that comes back', async ({
  slowburn,
  recorders,
}) => {
  test.setTimeout(120_000);
  const { dataFolder } = slowburn;
  const service = await recorders.record(dataFolder);
  const { app, page } = await slowburn.launch();
  await isLive(page);
  service.kill('SIGKILL');
  await expect.poll(() => collectorPid(app), { timeout: 30_000 }).toBeDefined();
  await expect(page.getByText('recording', { exact: true })).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText(CLOSING)).toBeHidden();
  await picture(page, 'attached-records-itself');

  const { pid } = await recorders.record(dataFolder);
  await expect.poll(() => followedPid(page), { timeout: 15_000 }).toBe(pid);
  expect(await collectorPid(app)).toBeUndefined();
  await isLive(page);
  await app.close();
  await keepsRecording(dataFolder, pid);
});

test('follows a terminal that records, and records when that ends', async ({ slowburn, recorders }) => {
  const { dataFolder } = slowburn;
  const terminal = await recorders.record(dataFolder, { command: ['monitor', '--quiet'] });
  const { app, page } = await slowburn.launch();
  await isLive(page);
  await expect(page.getByText(/Recording by slowburn monitor since .+/)).toHaveText(CLOSING);
  terminal.kill('SIGINT');
  await expect(page.getByText('The recorder has ended')).toBeVisible();
  await expect.poll(() => collectorPid(app), { timeout: 30_000 }).toBeDefined();
  await expect.poll(() => recorderOf(dataFolder)?.startedBy, { timeout: 20_000 }).toBe('window');
});

test('a window that is killed takes nothing with it', async ({ slowburn, recorders }) => {
  const { dataFolder } = slowburn;
  const { pid } = await recorders.record(dataFolder);
  const { app, page } = await slowburn.launch();
  await isLive(page);
  process.kill(app.process().pid!, 'SIGKILL');
  await keepsRecording(dataFolder, pid);
});

test.describe('of the system', () => {
  /** A recorder as the system's service, whose control socket this user may not open. */
  async function systemRecorder(recorders: Recorders, { environment, dataFolder: own }: Slowburn) {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-system-'));
    const [run, folder] = [path.join(root, 'run'), path.join(root, 'data')];
    fs.mkdirSync(run, { mode: 0o755 });
    fs.mkdirSync(folder, { mode: 0o700 });
    environment['SLOWBURN_SYSTEM_DIR'] = run;
    environment['SLOWBURN_DATA_DIR'] = own;
    const start = async (): Promise<ChildProcess> => {
      const child = await recorders.record(folder, {
        environment: { SLOWBURN_SYSTEM_DIR: run, RUNTIME_DIRECTORY: run },
      });
      fs.chmodSync(path.join(run, 'control.sock'), 0);
      return child;
    };
    return { folder, start, remove: () => fs.rmSync(root, { recursive: true, force: true }) };
  }

  test('can be looked at and not changed, and the window says so', async ({ slowburn, recorders }) => {
    test.setTimeout(120_000);
    const system = await systemRecorder(recorders, slowburn);
    const recorder = await system.start();
    const { app, page } = await slowburn.launch();
    await isLive(page);
    await expect(page.getByText(/Recording by the system service since .+ Read-only\./)).toBeVisible();
    await picture(page, 'system-live');
    expect(await collectorPid(app)).toBeUndefined();

    await open(page, 'Settings');
    await expect(page.getByText(path.join(system.folder, 'settings.json'))).toBeVisible();
    await expect(page.getByRole('combobox', { name: 'Time between samples' })).toBeDisabled();
    await page.getByText('°F', { exact: true }).click(); // how the window looks is the person's own
    await picture(page, 'system-settings');
    await open(page, 'Live');
    await expect(page.getByRole('img', { name: /^Core temperature: \d+ °F/ })).toBeVisible();

    await open(page, 'Alerts');
    await page.getByRole('switch').first().click({ force: true });
    await expect(page.getByRole('alert').getByText(/this recorder belongs to the system/)).toBeVisible();
    await picture(page, 'system-alerts');
    await open(page, 'Wear');
    await page.getByRole('button', { name: 'Add a mark' }).first().click();
    await expect(page.getByText(/may only read/)).toBeVisible();
    await picture(page, 'system-wear');
    expect(fs.existsSync(path.join(slowburn.dataFolder, 'history.simulated.db'))).toBe(false);

    recorder.kill('SIGKILL');
    await expect(page.getByText('The recorder of the system has ended')).toBeVisible();
    await picture(page, 'system-waiting');
    await page.waitForTimeout(11_000); // longer than a window waits for a recorder of the same folder
    expect(await collectorPid(app)).toBeUndefined();
    const { pid } = await system.start();
    await expect.poll(() => followedPid(page), { timeout: 8_000 }).toBe(pid);
    system.remove();
  });

  test('is shown by several windows at once', async ({ slowburn, recorders }) => {
    test.setTimeout(120_000);
    const system = await systemRecorder(recorders, slowburn);
    const { pid } = await system.start();
    const other = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-other-'));
    const first = await slowburn.launch();
    slowburn.environment['SLOWBURN_DATA_DIR'] = other;
    const second = await slowburn.launch();
    for (const { page } of [first, second]) await isLive(page);
    expect(await followedPid(first.page)).toBe(pid);
    expect(await followedPid(second.page)).toBe(pid);
    await first.app.close();
    await keepsRecording(system.folder, pid);
    expect(await followedPid(second.page)).toBe(pid);
    await second.app.close();
    fs.rmSync(other, { recursive: true, force: true });
    system.remove();
  });
});

test('keeps to what it was asked to show', async ({ slowburn, recorders }) => {
  const { dataFolder } = slowburn;
  await recorders.record(dataFolder);
  const file = path.resolve(checkout, 'test/fixtures/nvidia-smi/two-cards.xml');
  const { page } = await slowburn.launch('--source', `replay:${file}`);
  await expect(page.getByText(ALREADY)).toBeVisible({ timeout: 20_000 });
  expect((await statusOf(page)).recorder).toBeUndefined();
});

test.describe('of another version', () => {
  test('is followed if both understand each other, and the window says what to do', async ({ slowburn, recorders }) => {
    const program = recorders.changed(`"${version}"`, '"0.0.9"');
    const { pid } = await recorders.record(slowburn.dataFolder, { program });
    const { page } = await slowburn.launch();
    await isLive(page);
    expect(await followedPid(page)).toBe(pid);
    await expect(page.getByText(/^The recorder is Slowburn 0\.0\.9, and this window is Slowburn \d/)).toBeVisible();
    await expect(page.getByText(/systemctl --user restart slowburn/)).toBeVisible();
    await picture(page, 'attached-other-version');
  });

  test('is not followed if they do not, and is followed once it was updated', async ({ slowburn, recorders }) => {
    test.setTimeout(120_000);
    const program = recorders.changed('protocol: 1,', 'protocol: 999,');
    const recorder = await recorders.record(slowburn.dataFolder, { program });
    const { app, page } = await slowburn.launch();
    await expect(page.getByRole('alert').getByText(/they do not understand each other/)).toBeVisible();
    await expect(page.getByRole('alert').getByText(/Restart the older one/)).toBeVisible();
    expect(await collectorPid(app)).toBeUndefined();
    await picture(page, 'attached-other-protocol');
    recorder.kill('SIGTERM');
    await expect.poll(() => recorderOf(slowburn.dataFolder)?.pid, { timeout: 10_000 }).not.toBe(recorder.pid);
    const { pid } = await recorders.record(slowburn.dataFolder);
    await expect.poll(() => followedPid(page), { timeout: 20_000 }).toBe(pid);
  });
});
