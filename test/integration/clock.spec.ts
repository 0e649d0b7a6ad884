import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../app/core/clock.node.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { temporaryFolder, threads } from '../support/folders.ts';

const program = new URL('slowburn.js', threads).pathname;
const WEEK = 7 * 86_400_000;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Compiles the wall clock that is set when told. */
function compileClock(): string {
  const library = path.join(os.tmpdir(), `slowburn-mock-clock-${process.pid}.so`);
  const source = path.resolve(import.meta.dirname, '../mock-clock/clock.c');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', library, source, '-ldl']);
  onTestFinished(() => fs.rmSync(library, { force: true }));
  return library;
}

/** A file that says how far the wall clock of a program is apart from the machine's. */
function createClock(folder: string, offsetMs: number) {
  const control = path.join(folder, 'clock');
  function setClock(ms: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(Math.round(ms)));
    const handle = fs.openSync(control, fs.existsSync(control) ? 'r+' : 'w'); // the program has mapped it
    fs.writeSync(handle, bytes, 0, 8, 0);
    fs.closeSync(handle);
  }
  setClock(offsetMs);
  return { control, setClock };
}

/** A recorder whose wall clock is apart from the machine's by so many milliseconds. */
function recorder(offsetMs: number, folder = temporaryFolder()) {
  const { control, setClock } = createClock(folder, offsetMs);
  const told = path.join(folder, `told-${Date.now()}.jsonl`);
  const child = spawn(
    process.execPath,
    [program, 'monitor', '--source', 'simulator', '--interval', '0.1', '--data-dir', folder, '--record', told],
    { env: { ...process.env, LD_PRELOAD: compileClock(), MOCK_CLOCK_CONTROL: control } },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ticks = () => (fs.existsSync(told) ? fs.readFileSync(told, 'utf8').split('\n').length - 2 : 0);
  return {
    folder,
    setClock,
    said: () => said,
    untilTicks: async (count: number): Promise<void> => {
      for (let i = 0; i < 600 && ticks() < count; i++) await wait(50);
      expect(ticks()).toBeGreaterThanOrEqual(count);
    },
    stop: async (): Promise<{ code: number | null; ticks: number }> => {
      child.kill('SIGINT');
      return { code: await ended, ticks: ticks() };
    },
  };
}

function contents(folder: string) {
  const opened = openForReading(path.join(folder, 'history.simulated.db'));
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  const stamps = store.gpus
    .list()
    .flatMap(({ uuid }) => [...store.samplesBetween(uuid, -1e15, 1e15)].map(({ tsMs }) => tsMs));
  const gaps = store.gaps(-1e15, 1e15);
  const extent = store.extent();
  const seen = store.gpus.list().flatMap(({ firstSeenMs, lastSeenMs }) => [firstSeenMs, lastSeenMs]);
  store.close();
  return { stamps, gaps, extent, seen };
}

describe('a recorder', () => {
  it('that starts in 1970 writes what it sampled with the right time once the clock was set', async () => {
    const startedMs = Date.now();
    const { folder, setClock, untilTicks, stop, said } = recorder(-startedMs);
    await untilTicks(10);
    expect(contents(folder).stamps).toEqual([]);
    expect(said()).toMatch(/clock says 1970-01-01 .* cannot be right/);
    setClock(0);
    await untilTicks(25);
    const { code, ticks } = await stop();
    expect(code).toBe(0);
    const { stamps, gaps, extent, seen } = contents(folder);
    expect(stamps).toHaveLength(ticks);
    expect(gaps).toEqual([]);
    expect(extent!.fromMs).toBeGreaterThanOrEqual(startedMs);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(startedMs);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  });

  it('whose clock is never set says so, writes nothing, and does not end well', async () => {
    const { folder, untilTicks, stop, said } = recorder(-Date.now());
    await untilTicks(10);
    const { code } = await stop();
    expect(code).toBe(1);
    expect(said()).toContain('The clock was never set');
    expect(contents(folder)).toMatchObject({ stamps: [], gaps: [] });
  });

  it('reports a clock set forward by a week as that, not as a suspend', async () => {
    const { folder, setClock, untilTicks, stop } = recorder(0);
    await untilTicks(10);
    setClock(WEEK);
    await untilTicks(20);
    expect((await stop()).code).toBe(0);
    expect(contents(folder).gaps.map(({ reason }) => reason)).toEqual(['clock-step']);
  });
});

it('a session during which the clock was corrected from 1970 is as long as it lasted', async () => {
  const folder = temporaryFolder();
  const startedMs = Date.now();
  const { control, setClock } = createClock(folder, -startedMs);
  const library = compileClock();
  // the command itself sets the clock after a while, as a time server would
  const command = `
    const fs = require('node:fs');
    setTimeout(() => fs.writeSync(fs.openSync(process.argv[1], 'r+'), Buffer.alloc(8), 0, 8, 0), 2000);
    setTimeout(() => {}, 4000);
  `;
  const options = ['--source', 'simulator', '--interval', '0.1', '--data-dir', folder];
  const child = spawn(process.execPath, [program, 'run', ...options, '--', process.execPath, '-e', command, control], {
    env: { ...process.env, LD_PRELOAD: library, MOCK_CLOCK_CONTROL: control },
    stdio: 'ignore',
  });
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  setClock(0);
  const opened = openForReading(path.join(folder, 'history.simulated.db'));
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  const [session] = store.sessions.newest(1);
  store.close();
  expect(session!.startedMs).toBeGreaterThanOrEqual(startedMs);
  expect(session!.endedMs! - session!.startedMs).toBeGreaterThan(2_000);
  expect(session!.summary!.gpus[0]!.observedMs).toBeGreaterThan(2_000);
});

it('the boot clock and the monotonic clock of this machine run alike while it is awake', async () => {
  /** Between which bounds the difference of the two lies: however long the reading itself takes. */
  function apart() {
    const before = systemClock.monoMs();
    const bootMs = systemClock.bootMs();
    return { from: bootMs - systemClock.monoMs(), to: bootMs - before };
  }
  const first = apart();
  await wait(300);
  const second = apart();
  const RESOLUTION_MS = 20; // two readings of /proc/uptime
  expect(Math.max(first.from, second.from)).toBeLessThanOrEqual(Math.min(first.to, second.to) + RESOLUTION_MS);
});
