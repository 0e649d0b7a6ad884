// Ten samples per second of eight GPUs over a sealed hour: which ticks are missed that a bare timer would have kept, and
// what becomes of the recorder's memory.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openForReading } from '../app/history/file/database.node.ts';
import { HOUR_MS, hourOf } from '../app/history/open-hour.ts';
import { createStore } from '../app/recorder/store.ts';
import { valueOf } from '../app/metrics/frame.ts';
import { historyFile } from '../app/core/folders.node.ts';
import { NODE_FLAGS } from '../scripts/slowburn.mjs';
import { compileMock } from '../test/support/mock-nvml.ts';
import { watchTimer, type Miss } from './bare-timer.ts';
import { median, rounded, size } from './stats.ts';

type Context = { readonly say: (text: string) => void; readonly minutes?: number };

const MINUTE_MS = 60_000;
const MINUTES = size(5, 0.25);
const INTERVAL_MS = 100;
const GPUS = 8;
/** The recorder is compiled and has its working memory after this. */
const WARM_MS = size(60_000, 5_000);
/** The hour ends after this share of the run. */
const HOUR_ENDS_AT = 0.75;
/** A miss of both lies this close: one grid is not in step with the other. */
const TOGETHER_MS = 2 * INTERVAL_MS;
/** A stamp may lie so far before its moment: both are rounded. */
const EARLY_MS = 3;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const uuidOf = (gpu: number): string => `GPU-00000000-0000-0000-0000-${String(gpu).padStart(12, '0')}`;

/** Where most samples lie within the grid's step, less what a timer may be early by. */
function phaseOf(monoMs: readonly number[]): number {
  const counts = new Array<number>(INTERVAL_MS).fill(0);
  for (const ms of monoMs) counts[ms % INTERVAL_MS]!++;
  return counts.indexOf(Math.max(...counts)) - EARLY_MS;
}

/** What the recorder missed: moments of its grid for which no sample was stored, however late. */
function missesOf(file: string, fromMs: number) {
  const opened = openForReading(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value);
  const taken: { readonly tsMs: number; readonly monoMs: number }[] = [];
  let unread = 0;
  for (let gpu = 0; gpu < GPUS; gpu++) {
    let monoMs = 0;
    for (const { tsMs, dtMs, frame } of store.samplesBetween(uuidOf(gpu), fromMs, Infinity)) {
      if (valueOf(frame, 'coreTempC') === undefined) unread++;
      monoMs += dtMs ?? 0;
      if (gpu === 0) taken.push({ tsMs, monoMs }); // a tick is a row of all cards
    }
  }
  store.close();
  const phase = phaseOf(taken.map(({ monoMs }) => monoMs));
  const slotOf = (monoMs: number): number => Math.floor((monoMs - phase) / INTERVAL_MS);
  const misses = taken.flatMap(({ tsMs, monoMs }, i): Miss[] => {
    const before = i > 1 ? taken[i - 1] : undefined; // the first is taken at once, beside the grid
    const ticks = before ? slotOf(monoMs) - slotOf(before.monoMs) - 1 : 0;
    return before && ticks > 0 ? [{ fromMs: before.tsMs, toMs: tsMs, ticks }] : [];
  });
  return { ticks: taken.length, unread, misses };
}

const totalOf = (misses: readonly Miss[]): number => misses.reduce((sum, { ticks }) => sum + ticks, 0);
const longestOf = (misses: readonly Miss[]): number =>
  Math.round(Math.max(0, ...misses.map(({ fromMs, toMs }) => toMs - fromMs)));
const together = (a: Miss, b: Miss): boolean => a.fromMs - TOGETHER_MS < b.toMs && b.fromMs - TOGETHER_MS < a.toMs;

const rssMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** CPU milliseconds that all threads of a process have used so far. */
const cpuMsOf = (pid: number): number =>
  fs
    .readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6)
    .reduce((a, b) => a + b, 0);

export async function run({ say, minutes = MINUTES }: Context) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-pace-'));
  const file = historyFile(data, 'measured');
  // the recorder's wall clock is set so that an hour ends while it runs
  const startMs = hourOf(Date.now()) + HOUR_MS - HOUR_ENDS_AT * minutes * MINUTE_MS;
  const shiftMs = Math.round(startMs - Date.now());
  const clock = `const now = Date.now; Date.now = () => now() + ${shiftMs};`;
  const args = ['monitor', '--source', `nvml:${compileMock()}`, '--data-dir', data, '--interval', '0.1', '--quiet'];
  const program = path.resolve('out/node/slowburn.js');
  const flags = [...NODE_FLAGS, '--import', `data:text/javascript,${encodeURIComponent(clock)}`];
  say(`recording for ${minutes} minutes`);
  const child = spawn(process.execPath, [...flags, program, ...args], {
    stdio: 'ignore',
    env: { ...process.env, MOCK_NVML_COUNT: String(GPUS) },
  });
  const pid = child.pid!;
  const timer = watchTimer(INTERVAL_MS);
  const rss: number[] = [];
  await sleep(WARM_MS);
  const cpuBefore = cpuMsOf(pid);
  const endMs = performance.now() + minutes * MINUTE_MS - WARM_MS;
  while (performance.now() < endMs) {
    rss.push(rssMiB(pid));
    await sleep(1000);
  }
  const cpuMs = cpuMsOf(pid) - cpuBefore;
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGINT');
  await ended;
  const control = (await timer.stop()).map((miss) => ({
    ...miss,
    fromMs: miss.fromMs + shiftMs,
    toMs: miss.toMs + shiftMs,
  }));
  const { ticks, unread, misses } = missesOf(file, startMs);
  const alone = misses.filter((miss) => !control.some((other) => together(miss, other)));
  for (const miss of alone)
    say(`  missed ${miss.ticks} after ${Math.round((miss.fromMs - startMs) / 1000)} s, and the timer did not`);
  fs.rmSync(data, { recursive: true });
  const ticksMeasured = ((minutes * MINUTE_MS - WARM_MS) / INTERVAL_MS) | 0;
  return {
    minutes,
    gpus: GPUS,
    hz: 1000 / INTERVAL_MS,
    ticks,
    missed: totalOf(misses),
    missedThatTheTimerKept: totalOf(alone),
    longestHoleMs: longestOf(misses),
    readingsAbsent: unread,
    bareTimer: { missed: totalOf(control), longestHoleMs: longestOf(control) },
    rssMiB: {
      start: rounded(median(rss.slice(0, 10))),
      highest: rounded(Math.max(...rss)),
      end: rounded(median(rss.slice(-10))),
    },
    cpuMsPerTick: rounded(cpuMs / ticksMeasured),
  };
}
