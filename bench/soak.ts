// Records for hours from the stand-in driver and looks at the process each second: memory, open files, CPU, and in the end
// the samples that it stored. `npm run soak` runs it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { historyFile } from '../app/core/folders.node.ts';
import { HOUR_MS, hourOf } from '../app/history/open-hour.ts';
import { NODE_FLAGS } from '../scripts/slowburn.mjs';
import { compileMock } from '../test/support/mock-nvml.ts';
import { timerKept, watchTimer, type Miss } from './bare-timer.ts';
import { median } from './stats.ts';
import { storedTicks } from './stored-ticks.ts';

export const SOAK = { gpus: 4, intervalMs: 1000 } as const;
/** What a soak must not exceed. */
export const LIMITS = { rssMiB: 10, missed: 0, corePct: 0.3 } as const;
/** Files that are read now and then, such as the list of processes, are open for a moment. */
const MOMENTARY = 2;

const MINUTE_MS = 60_000;
/** Until then V8 compiles and caches grow to their size. A short run has less of it. */
const WARM_MS = 2 * MINUTE_MS;
const CLOCK_TICKS = 100; // per second, USER_HZ on every Linux that Node supports
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A look at the process. `cpuMs`: of all its threads since it was started, also those that have ended. */
type Look = { readonly rssMiB: number; readonly files: number; readonly cpuMs: number };

function lookAt(pid: number): Look {
  const rssKiB = /^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const cpuMs = ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS;
  return { rssMiB: Number(rssKiB) / 1024, files: fs.readdirSync(`/proc/${pid}/fd`).length, cpuMs };
}

const range = (values: readonly number[]) => ({ low: Math.min(...values), high: Math.max(...values) });
const totalOf = (misses: readonly Miss[]): number => misses.reduce((sum, { ticks }) => sum + ticks, 0);

export type SoakResult = {
  readonly minutes: number;
  /** it ended on request, without an error */
  readonly endedWell: boolean;
  /** MiB after the warm-up */
  readonly rss: {
    readonly start: number;
    readonly low: number;
    readonly high: number;
    readonly end: number;
  };
  readonly files: { readonly start: number; readonly low: number; readonly high: number; readonly end: number };
  /** of one core, % */
  readonly corePct: number;
  readonly ticks: number;
  readonly missed: number;
  /** of those, what a thread that only wakes on the same grid kept: the others no program on this machine could have had */
  readonly missedThatTheTimerKept: number;
  readonly readingsAbsent: number;
};

export type SoakOptions = {
  readonly minutes: number;
  readonly say: (text: string) => void;
  /** ends the run early: what was seen until then is judged */
  readonly signal?: AbortSignal;
};

/** Looks at a process each second until the time is over. */
async function watch(child: ChildProcess, { minutes, say, signal }: SoakOptions) {
  const endMs = performance.now() + minutes * MINUTE_MS;
  const warmMs = performance.now() + Math.min(WARM_MS, (minutes * MINUTE_MS) / 3);
  const sayEveryMs = Math.max(1, Math.round(minutes / 32)) * MINUTE_MS;
  const startMs = performance.now();
  let saidMs = startMs;
  const looks: (Look & { readonly atMs: number })[] = [];
  while (performance.now() < endMs && child.exitCode === null && !signal?.aborted) {
    await sleep(1000);
    const nowMs = performance.now();
    if (nowMs >= warmMs) looks.push({ ...lookAt(child.pid!), atMs: nowMs });
    if (nowMs - saidMs < sayEveryMs) continue;
    saidMs += sayEveryMs;
    const { rssMiB, files } = looks.at(-1) ?? lookAt(child.pid!);
    const minute = Math.round((nowMs - startMs) / MINUTE_MS);
    say(`minute ${minute} of ${minutes}: ${rssMiB.toFixed(1)} MiB, ${files} open files`);
  }
  return looks;
}

/** Records, and answers what became of it. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { minutes } = options;
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-soak-'));
  // a run of less than an hour gets an end of an hour, which seals what was recorded
  const startMs = minutes < 60 ? hourOf(Date.now()) + HOUR_MS - 0.75 * minutes * MINUTE_MS : Date.now();
  const shiftMs = Math.round(startMs - Date.now());
  const clock = `const now = Date.now; Date.now = () => now() + ${shiftMs};`;
  const flags = [...NODE_FLAGS, '--import', `data:text/javascript,${encodeURIComponent(clock)}`];
  const args = ['monitor', '--source', `nvml:${compileMock()}`, '--data-dir', data, '--quiet'];
  const child = spawn(process.execPath, [...flags, path.resolve('out/node/slowburn.js'), ...args], {
    stdio: 'ignore',
    detached: true, // Ctrl-C in the terminal ends the soak, and the soak ends the recorder
    env: { ...process.env, MOCK_NVML_COUNT: String(SOAK.gpus) },
  });
  const ended = once(child, 'exit');
  const timer = watchTimer(SOAK.intervalMs);
  try {
    const looks = await watch(child, options);
    if (looks.length < 2) throw new Error('The recorder ended before there was anything to see.');
    child.kill('SIGINT');
    const [code] = (await ended) as [number | null];
    const control = (await timer.stop()).map(({ fromMs, toMs, ticks }) => ({
      fromMs: fromMs + shiftMs,
      toMs: toMs + shiftMs,
      ticks,
    }));
    const stored = storedTicks(historyFile(data, 'measured'), { ...SOAK, fromMs: startMs });
    const [first, last] = [looks[0]!, looks.at(-1)!];
    const rss = looks.map(({ rssMiB }) => rssMiB);
    const files = looks.map((look) => look.files);
    return {
      minutes,
      endedWell: code === 0,
      rss: {
        start: median(rss.slice(0, 10)),
        ...range(rss),
        end: median(rss.slice(-10)),
      },
      files: { start: files[0]!, ...range(files), end: files.at(-1)! },
      corePct: (100 * (last.cpuMs - first.cpuMs)) / (last.atMs - first.atMs),
      ticks: stored.ticks,
      missed: totalOf(stored.misses),
      missedThatTheTimerKept: totalOf(timerKept(stored.misses, control, SOAK.intervalMs)),
      readingsAbsent: stored.unread,
    };
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
    await timer.stop();
    fs.rmSync(data, { recursive: true, force: true });
  }
}

/** What a soak shows: one line per figure with its limit, and whether it is within. */
export function judgeSoak(result: SoakResult): readonly { readonly text: string; readonly ok: boolean }[] {
  const { rss, files, corePct, missed, missedThatTheTimerKept, readingsAbsent, ticks, endedWell } = result;
  const mib = (value: number): string => value.toFixed(1);
  const spread = rss.high - rss.low;
  return [
    {
      text: `memory (RSS) within ${mib(spread)} MiB, at most ${LIMITS.rssMiB}: ${mib(rss.start)} at first, ${mib(rss.low)} to ${mib(rss.high)}, ${mib(rss.end)} at the end`,
      ok: spread <= LIMITS.rssMiB,
    },
    {
      text: `open files ${files.start} at first, ${files.low} to ${files.high}, ${files.end} at the end`,
      ok: files.end <= files.start && files.high - files.start <= MOMENTARY,
    },
    {
      text: `missed samples ${missed} of ${ticks + missed}; a bare timer kept ${missedThatTheTimerKept} of these; ${readingsAbsent} samples without a temperature`,
      ok: missedThatTheTimerKept <= LIMITS.missed && readingsAbsent === 0 && ticks > 0,
    },
    { text: `${corePct.toFixed(2)} % of a core, at most ${LIMITS.corePct}`, ok: corePct <= LIMITS.corePct },
    { text: endedWell ? 'ended without an error' : 'ended with an error', ok: endedWell },
  ];
}
