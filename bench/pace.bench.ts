// Ten samples per second of eight GPUs over a sealed hour: which ticks are missed that a bare timer would have kept, and
// what becomes of the recorder's memory.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HOUR_MS, hourOf } from '../app/history/open-hour.ts';
import { historyFile } from '../app/core/folders.node.ts';
import { NODE_FLAGS } from '../scripts/slowburn.mjs';
import { compileMock } from '../test/support/mock-nvml.ts';
import { timerKept, watchTimer, type Miss } from './bare-timer.ts';
import { median, rounded, size } from './stats.ts';
import { storedTicks } from './stored-ticks.ts';

type Context = { readonly say: (text: string) => void; readonly minutes?: number };

const MINUTE_MS = 60_000;
const MINUTES = size(5, 0.25);
const INTERVAL_MS = 100;
const GPUS = 8;
/** The recorder is compiled and has its working memory after this. */
const WARM_MS = size(60_000, 5_000);
/** The hour ends after this share of the run. */
const HOUR_ENDS_AT = 0.75;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const totalOf = (misses: readonly Miss[]): number => misses.reduce((sum, { ticks }) => sum + ticks, 0);
const longestOf = (misses: readonly Miss[]): number =>
  Math.round(Math.max(0, ...misses.map(({ fromMs, toMs }) => toMs - fromMs)));

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
  const { ticks, unread, misses } = storedTicks(file, { fromMs: startMs, gpus: GPUS, intervalMs: INTERVAL_MS });
  const alone = timerKept(misses, control, INTERVAL_MS);
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
