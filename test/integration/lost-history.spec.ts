import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openCollector } from '../../app/recorder/collector.node.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { checkHistory } from '../../app/jobs/check.ts';
import type { Notice } from '../../app/recorder/file-keeper.node.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const program = new URL('slowburn.js', threads).pathname;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !condition(); i++) await wait(50);
  expect(condition()).toBe(true);
}

/** A collector that records a simulated card ten times a second into its own folder. */
async function recorder(folder = path.join(temporaryFolder(), 'data')) {
  const ticks: Tick[] = [];
  const notices: Notice[] = [];
  const opened = await openCollector(
    {
      source: { kind: 'simulator', count: 1 },
      speed: 1,
      dataFolder: folder,
      settings: { ...defaultSettings, intervalMs: 100 },
      suspended: [],
      restarted: false,
      startedBy: 'monitor',
    },
    {
      onTick: (tick) => void ticks.push(tick),
      onAlerts: () => undefined,
      onSessions: () => undefined,
      onNotice: (notice) => void notices.push(notice),
    },
    threads,
  );
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(async () => void (await opened.value.stop()));
  await until(() => ticks.length > 5);
  return { collector: opened.value, file: opened.value.databaseFile, folder, ticks, notices };
}

/** What a history holds: its samples and gaps, and what a check finds wrong. */
function contents(file: string) {
  const opened = openForReading(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  const { problems } = checkHistory(opened.value, { progress: () => undefined, cancelled: () => false })!;
  const stamps = store.gpus
    .list()
    .flatMap(({ uuid }) => [...store.samplesBetween(uuid, 0, 1e15)].map(({ tsMs }) => tsMs));
  const gaps = store.gaps(0, 1e15);
  store.close();
  return { stamps, gaps, problems };
}

type Running = Awaited<ReturnType<typeof recorder>>;
const remove = (file: string) => fs.rmSync(file, { force: true });

/** Writes another history, which ended an hour ago, and puts it in the place of the one that is open. */
function replaceWithAnother({ file }: Running): void {
  const other = openStore();
  for (let i = 0; i < 30; i++)
    other.store.append(tickWith(Date.now() - 3_600_000 + i * 1000, 1000, [frameWith({ coreTempC: 50 })]));
  other.store.close();
  fs.copyFileSync(other.file, `${file}.other`);
  fs.renameSync(`${file}.other`, file);
}

describe.each<[string, (running: Running) => void, RegExp, number]>([
  ['deleted', ({ file }) => remove(file), /was deleted or moved/, 0],
  [
    'deleted with its log',
    ({ file }) => ['', '-wal', '-shm'].forEach((suffix) => remove(file + suffix)),
    /was deleted or moved/,
    0,
  ],
  ['replaced by another history', replaceWithAnother, /was replaced by another file/, 30],
  [
    'gone with its folder',
    ({ folder }) => fs.rmSync(folder, { recursive: true }),
    /The folder .* was deleted or moved/,
    0,
  ],
  [
    'gone with its folder, which is there again, empty',
    ({ folder }) => {
      fs.renameSync(folder, `${folder}.elsewhere`);
      fs.mkdirSync(folder);
    },
    /was deleted or moved/,
    0,
  ],
])('a history that is %s while it is recorded', (_, harm, sentence, before) => {
  it('is reported and opened again by its name, with a gap that says why', async () => {
    const running = await recorder();
    const { collector, file, ticks, notices } = running;
    harm(running);
    await until(() => notices.length === 1);
    expect(notices[0]!.message).toMatch(sentence);
    expect(notices[0]!.next).toContain('Recording continues in');
    const reopened = ticks.length;
    await until(() => ticks.length > reopened + 5);
    expect(ticks.at(-1)!.fault).toBeUndefined();
    expect(await collector.answer('gpus.list', undefined)).toMatchObject({ ok: true });
    expect(await collector.stop()).toMatchObject({ ok: true });
    const { stamps, gaps, problems } = contents(file);
    expect(problems).toEqual([]);
    expect(stamps.length).toBeGreaterThanOrEqual(before + 5);
    const [gap] = gaps.filter(({ reason }) => reason === 'history-lost');
    expect(gap!.toMs).toBe(stamps[before]); // up to the first sample of the new file
    expect(gap!.fromMs).toBeLessThan(gap!.toMs);
    if (before === 0) expect(gap!.fromMs).toBeGreaterThan(ticks[0]!.tsMs - 5_000); // not before it was recorded
  });
});

describe('a history', () => {
  it('that was moved is complete where it lies now', async () => {
    const { collector, file, ticks, notices } = await recorder();
    const moved = path.join(temporaryFolder(), 'moved.db');
    const toldMs = ticks.map(({ tsMs }) => tsMs);
    fs.renameSync(file, moved);
    await until(() => notices.length === 1);
    const { stamps, problems } = contents(moved);
    expect(problems).toEqual([]);
    expect(stamps.slice(0, toldMs.length)).toEqual(toldMs);
    await collector.stop();
  });

  it.each(['-wal', '-shm'])('loses no sample when its %s is deleted while it is recorded', async (suffix) => {
    const { collector, file, ticks, notices } = await recorder();
    remove(file + suffix);
    await until(() => notices.length === 1);
    expect(notices[0]!.message).toMatch(/write-ahead log .* was deleted/);
    const reopened = ticks.length;
    await until(() => ticks.length > reopened + 5);
    expect(await collector.stop()).toMatchObject({ ok: true });
    const { stamps, problems } = contents(file);
    expect(problems).toEqual([]);
    expect(stamps).toEqual(expect.arrayContaining(ticks.filter(({ fault }) => !fault).map(({ tsMs }) => tsMs)));
  });

  it('that cannot be opened again pauses recording with the reason, and recording resumes automatically', async () => {
    const { collector, folder, file, ticks, notices } = await recorder();
    fs.renameSync(folder, `${folder}.elsewhere`);
    fs.writeFileSync(folder, 'in the way');
    await until(() => ticks.at(-1)!.fault?.code === 'recording-failed');
    expect(ticks.at(-1)!.fault!.message).toContain('Recording is paused.');
    expect(notices).toEqual([]);
    expect(await collector.answer('gpus.list', undefined)).toMatchObject({ ok: false, error: { code: 'not-ready' } });
    expect(await collector.answer('governor.status', undefined)).toMatchObject({ ok: true });
    fs.rmSync(folder);
    await until(() => notices.length === 1);
    const reopened = ticks.length;
    await until(() => ticks.length > reopened + 3);
    expect(ticks.at(-1)!.fault).toBeUndefined();
    expect(await collector.stop()).toMatchObject({ ok: true });
    expect(contents(file).gaps).toMatchObject([{ reason: 'history-lost' }]);
  });

  it('that comes back under its name is recorded into again', async () => {
    const { collector, folder, file, ticks, notices } = await recorder();
    const firstMs = ticks[0]!.tsMs;
    fs.renameSync(folder, `${folder}.elsewhere`); // a disk that was taken out
    await until(() => notices.length === 1);
    fs.rmSync(folder, { recursive: true });
    fs.renameSync(`${folder}.elsewhere`, folder);
    await until(() => notices.length === 2);
    const reopened = ticks.length;
    await until(() => ticks.length > reopened + 3);
    expect(await collector.stop()).toMatchObject({ ok: true });
    const { stamps, problems } = contents(file);
    expect(problems).toEqual([]);
    expect(stamps[0]).toBe(firstMs);
    expect(stamps.at(-1)).toBe(ticks.at(-1)!.tsMs);
  });
});

it('a recorder whose lock file was deleted stops when another one has taken the folder', async () => {
  const { folder, ticks } = await recorder();
  // a second one can begin only in the moment before the first looks again: it takes the lock itself
  const { lockRecorder } = await import('../../app/history/file/database.node.ts');
  remove(path.join(folder, 'recorder.lock'));
  const other = lockRecorder(folder);
  expect(other.ok).toBe(true);
  await until(() => ticks.at(-1)!.fault?.code === 'recording-failed');
  expect(ticks.at(-1)!.fault!.message).toContain('Another Slowburn is already recording');
  if (other.ok) other.value();
  await until(() => ticks.at(-1)!.fault === undefined);
});

it('the monitor never ends well with nothing on the disk', async () => {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, [
    program,
    'monitor',
    '--source',
    'simulator',
    '--interval',
    '0.1',
    '--quiet',
    '--data-dir',
    folder,
  ]);
  let said = '';
  child.stderr.on('data', (text) => (said += String(text)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const file = path.join(folder, 'history.simulated.db');
  await until(() => fs.existsSync(`${file}-wal`) && fs.statSync(`${file}-wal`).size > 0);
  await wait(500);
  for (const suffix of ['', '-wal', '-shm']) remove(file + suffix);
  child.kill('SIGINT');
  const code = await ended;
  expect(said).toMatch(/was deleted or moved while Slowburn was recording/);
  expect(said).toContain('are not in');
  expect(code).toBe(1);
});
