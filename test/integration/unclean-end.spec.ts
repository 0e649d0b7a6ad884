import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase, openForReading } from '../../app/history/file/database.node.ts';
import type { LastReadings } from '../../app/history/last-readings.ts';
import { createRunMark, thisBoot, type RunMark, type ThisBoot } from '../../app/recorder/run-mark.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import { stopsOf } from '../../app/recorder/unclean-end.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { compileMock } from '../support/mock-nvml.ts';
import { openStore } from '../support/store.ts';

const program = new URL('slowburn.js', threads).pathname;
const START = Date.UTC(2026, 2, 1, 9);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !condition(); i++) await wait(50);
  if (!condition()) throw new Error('it never came to that');
}

function readStore(file: string): Store {
  const opened = openForReading(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  onTestFinished(() => store.close());
  return store;
}

/** Records two cards of the stand-in driver, which work, until `ready`; answers how it ended and what it said. */
async function record(
  folder: string,
  ready: (said: string) => boolean,
  signal: NodeJS.Signals,
  env: NodeJS.ProcessEnv = {},
) {
  const args = ['monitor', '--source', `nvml:${compileMock()}`, '--interval', '0.1', '--data-dir', folder];
  const recorder = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, MOCK_NVML_COUNT: '2', LANG: 'C.UTF-8', ...env },
  });
  let said = '';
  for (const stream of [recorder.stdout, recorder.stderr]) stream.on('data', (text) => (said += String(text)));
  const ended = new Promise<number | null>((resolve) => recorder.once('exit', resolve));
  onTestFinished(() => void recorder.kill('SIGKILL'));
  await until(() => ready(said) || recorder.exitCode !== null);
  recorder.kill(signal);
  return { code: await ended, said };
}

const mark = (folder: string): string => path.join(folder, 'running.json');
const history = (folder: string): string => path.join(folder, 'history.db');
const ticksIn = (file: string): number => {
  if (!fs.existsSync(file)) return 0;
  const opened = openForReading(file);
  if (!opened.ok) return 0;
  const count = opened.value.prepare('SELECT count(*) FROM tick').pluck().get() as number;
  opened.value.close();
  return count;
};

/** As if the machine had been started again. */
function otherBoot(folder: string): void {
  const found = JSON.parse(fs.readFileSync(mark(folder), 'utf8')) as RunMark;
  expect(found.bootId).toBe(fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  fs.writeFileSync(mark(folder), JSON.stringify({ ...found, bootId: '00000000-0000-0000-0000-000000000000' }));
}

describe('the end of a recorder', () => {
  it('by a power cut is reported at the next start, with what was seen, once; a kill in the same boot is none', async () => {
    const folder = temporaryFolder();
    const some = () => ticksIn(history(folder)) > 5;
    await record(folder, some, 'SIGKILL');
    expect(fs.existsSync(mark(folder))).toBe(true);

    const before = ticksIn(history(folder));
    const again = await record(folder, () => ticksIn(history(folder)) > before + 5, 'SIGKILL');
    expect(again.said).not.toContain('Recording ended without notice');
    expect(readStore(history(folder)).events.incidents(10)).toEqual([]);

    otherBoot(folder);
    const killed = ticksIn(history(folder));
    const told = await record(folder, () => ticksIn(history(folder)) > killed + 2, 'SIGINT');
    expect(told.said).toMatch(/Recording ended without notice|stopped without a shutdown/);
    expect(told.code).toBe(0);
    expect(told.said).toMatch(/Last sample, .*Power 20[01] W/);
    expect(told.said).toContain('A power failure, a kernel crash');
    const incidents = readStore(history(folder)).events.incidents(10);
    expect(incidents.map(({ kind, gpuUuid }) => [kind, gpuUuid?.at(-1)]).sort()).toEqual([
      ['stopped', '0'],
      ['stopped', '1'],
    ]);
    expect(incidents[0]!.last!.values).toMatchObject({ gpuUtilPct: 97 });
    expect(incidents[0]!.fromMs).toBeLessThanOrEqual(incidents[0]!.toMs);

    expect(fs.existsSync(mark(folder))).toBe(false); // it ended in order
    const ended = ticksIn(history(folder));
    const third = await record(folder, () => ticksIn(history(folder)) > ended + 2, 'SIGTERM');
    expect(third.said).not.toContain('without notice');
    expect(readStore(history(folder)).events.incidents(10)).toHaveLength(2);
    const doctor = execFileSync(
      process.execPath,
      [program, 'doctor', '--source', `nvml:${compileMock()}`, '--data-dir', folder, '--json'],
      {
        encoding: 'utf8',
      },
    );
    expect(doctor).toContain('Last sample');
  });

  it('by the end of its terminal is in order', async () => {
    const folder = temporaryFolder();
    const { code } = await record(folder, () => ticksIn(history(folder)) > 2, 'SIGHUP');
    expect([code, fs.existsSync(mark(folder))]).toEqual([0, false]);
  });

  it('by a closed pipe is in order', async () => {
    const folder = temporaryFolder();
    const command = `"${process.execPath}" "${program}" monitor --source nvml:${compileMock()} --interval 0.1 --data-dir "${folder}"`;
    execFileSync('bash', ['-c', `${command} | head -n 1`], { env: { ...process.env, MOCK_NVML_COUNT: '1' } });
    expect([ticksIn(history(folder)) > 0, fs.existsSync(mark(folder))]).toEqual([true, false]);
  });

  it('by a power cut keeps all samples of working cards but the newest few', async () => {
    const [folder, durable] = [temporaryFolder(), temporaryFolder()];
    const library = path.join(os.tmpdir(), `slowburn-mock-power-${process.pid}.so`);
    const source = path.resolve(import.meta.dirname, '../mock-disk/power.c');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', library, source, '-ldl']);
    onTestFinished(() => fs.rmSync(library, { force: true }));
    const env = { LD_PRELOAD: library, MOCK_POWER_FOLDER: durable };
    await record(folder, () => ticksIn(history(folder)) > 100, 'SIGKILL', env);
    const written = ticksIn(history(folder));
    const opened = openDatabase(history(durable)); // as the next start does
    if (!opened.ok) throw new Error(opened.error.message);
    opened.value.db.close();
    // ten a second, flushed once a second: without that none is left
    expect(ticksIn(history(durable))).toBeGreaterThan(written / 2);
  });
});

/** A recorded hour of a card that ends with these readings. */
function endedWith(readings: Partial<LastReadings['values']>, endMs = START): Store {
  const { store } = openStore();
  for (let i = 120; i >= 0; i--)
    store.append(
      tickWith(endMs - i * 1000, i === 120 ? undefined : 1000, [
        frameWith(readings),
        frameWith({ gpuUtilPct: 0, powerW: 20 }),
      ]),
    );
  return store;
}
const left: RunMark = { pid: 1, bootId: 'before', place: '', databaseFile: 'history.db', startedMs: START - 60_000 };
const boot = (change: Partial<ThisBoot> = {}): ThisBoot => ({
  bootId: 'now',
  startedMs: START + 120_000,
  endOf: () => ({ recorded: 'unknown' }),
  ...change,
});
const full = { gpuUtilPct: 99, powerW: 575, coreTempC: 71 };

describe('a mark that was left', () => {
  it('in another boot, with a working card, is a stop of that card alone', () => {
    const found = stopsOf(endedWith(full), left, boot());
    expect(found).toMatchObject([
      {
        uuid: testGpu(0).uuid,
        kind: 'stopped',
        fromMs: START,
        toMs: START + 120_000,
        detail: 'unknown',
        last: { values: full },
      },
    ]);
  });

  it('has the next start and the certainty that the system recorded', () => {
    const endOf = (): ReturnType<ThisBoot['endOf']> => ({ recorded: 'none', startedMs: START + 5000 });
    expect(stopsOf(endedWith(full), left, boot({ endOf }))).toMatchObject([
      { detail: 'no-shutdown', toMs: START + 5000 },
    ]);
  });

  it.each([
    ['in the same boot', full, { bootId: 'before' }, {}],
    ['where the system names no boot', full, { bootId: undefined }, {}],
    ['where the system recorded a shutdown', full, { endOf: () => ({ recorded: 'shutdown' as const }) }, {}],
    ['by an idle machine', { gpuUtilPct: 3, powerW: 20 }, {}, {}],
    ['before anything was recorded', full, {}, { startedMs: START + 1 }],
    ['by a mark without a boot', full, {}, { bootId: undefined }],
  ])('%s says nothing', (_, readings, change, marked) =>
    expect(stopsOf(endedWith(readings), { ...left, ...marked }, boot(change as Partial<ThisBoot>))).toEqual([]),
  );

  it('does not turn time around where the clock was wrong at the start', () => {
    expect(stopsOf(endedWith(full), left, boot({ startedMs: 0 }))).toMatchObject([{ fromMs: START, toMs: START }]);
  });

  it('counts for nothing in a copy of the folder, for another history, and for simulated cards', () => {
    const [folder, copy] = [temporaryFolder(), temporaryFolder()];
    fs.writeFileSync(path.join(folder, 'recorder.lock'), '');
    const file = path.join(folder, 'history.db');
    createRunMark(folder, file, 'measured').begin(START);
    expect(createRunMark(folder, file, 'measured').left).toMatchObject({
      startedMs: START,
      databaseFile: 'history.db',
    });
    expect(createRunMark(folder, file, 'simulated').left).toBeUndefined();
    expect(createRunMark(folder, path.join(folder, 'other.db'), 'measured').left).toBeUndefined();
    fs.cpSync(folder, copy, { recursive: true });
    expect(createRunMark(copy, path.join(copy, 'history.db'), 'measured').left).toBeUndefined();
    fs.writeFileSync(mark(folder), '{"pid":');
    expect(createRunMark(folder, file, 'measured').left).toBeUndefined();
    createRunMark(folder, file, 'measured').end();
    expect(fs.existsSync(mark(folder))).toBe(false);
  });

  it('is judged by this machine’s own records', () => {
    const now = thisBoot('/nonexistent');
    expect(now.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(Math.abs(now.startedMs - (Date.now() - os.uptime() * 1000))).toBeLessThan(60_000);
    expect(now.endOf(0)).toEqual({ recorded: 'unknown' });
  });
});

it('an upgraded history takes events with and without last readings', () => {
  const file = path.join(temporaryFolder(), 'history.db');
  const opened = openDatabase(file);
  if (!opened.ok) throw new Error(opened.error.message);
  opened.value.db
    .prepare("INSERT INTO event (gpu_id, kind, from_ms, to_ms, detail) VALUES (NULL, 'reset', 1, 1, '')")
    .run();
  const store = createStore(opened.value.db);
  expect(store.events.incidents(1)).toMatchObject([{ kind: 'reset', last: null, times: { count: 1, lowW: null } }]);
  store.close();
});
