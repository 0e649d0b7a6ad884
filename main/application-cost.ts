import fs from 'node:fs';
import { app } from 'electron';

export type ApplicationCost = {
  /** in percent of one core */
  readonly cpuPct: number;
  readonly memoryBytes: number;
};

const PAGE = 4096; // on x86-64, the only processor for which Linux builds are made

/** Pages of a process, resident and shared with files (proc_pid_statm(5)). None when it has ended. */
function pagesOf(pid: number): readonly [resident: number, shared: number] {
  try {
    const [, resident = 0, shared = 0] = fs.readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number);
    return [resident, shared];
  } catch {
    return [0, 0];
  }
}

/**
 * Memory of the application's processes. They map the same program files: on Linux what each has for itself is added up,
 * and what they share is counted once, as large as in the one that has most of it. Elsewhere the private bytes, where
 * Electron tells them, else the working sets with shared memory counted in each.
 */
function memoryBytes(processes: readonly Electron.ProcessMetric[]): number {
  if (process.platform !== 'linux')
    return processes.reduce((all, { memory }) => all + 1024 * (memory.privateBytes ?? memory.workingSetSize), 0);
  const pages = processes.map(({ pid }) => pagesOf(pid));
  const own = pages.reduce((all, [resident, shared]) => all + resident - shared, 0);
  return PAGE * (own + Math.max(...pages.map(([, shared]) => shared)));
}

/** CPU time of each process since it began, s. */
export type CpuTimes = ReadonlyMap<number, number>;

const WINDOW_MS = 60_000; // as for the figure of the recorder alone (app/cost.node.ts)

/**
 * Share of one core that some processes used over the last minute, or since the first call if that is less: CPU time by
 * time passed, as `slowburn doctor` counts the recorder. More than 100 on more than one core.
 */
export function createCpuShare(): (times: CpuTimes, nowMs: number) => number {
  let last: CpuTimes = new Map();
  let usedMs = 0;
  let points: readonly { readonly atMs: number; readonly usedMs: number }[] = [];
  return (times, nowMs) => {
    // all that a new process has used is new; the last use of one that has ended is not known
    for (const [pid, seconds] of times) usedMs += 1000 * Math.max(0, seconds - (last.get(pid) ?? 0));
    if (points.length === 0) usedMs = 0; // what was used before the first call is not of this time
    last = times;
    const from = points.findLastIndex(({ atMs }) => nowMs - atMs >= WINDOW_MS);
    points = [...points.slice(Math.max(0, from)), { atMs: nowMs, usedMs }];
    const first = points[0]!;
    return nowMs === first.atMs ? 0 : (100 * (usedMs - first.usedMs)) / (nowMs - first.atMs);
  };
}

/** Electron counts CPU time like the system does; its percentage is one of the whole machine, all cores together. */
const timesOf = (processes: readonly Electron.ProcessMetric[]): CpuTimes =>
  new Map(processes.map(({ pid, cpu }) => [pid, cpu.cumulativeCPUUsage ?? 0]));

/** Measures all of the application's processes, the recorder's too. */
export function createApplicationCost(): () => ApplicationCost {
  const cpuShare = createCpuShare();
  cpuShare(timesOf(app.getAppMetrics()), performance.now());
  return () => {
    const processes = app.getAppMetrics();
    return { cpuPct: cpuShare(timesOf(processes), performance.now()), memoryBytes: memoryBytes(processes) };
  };
}
