import type { Tick } from '../telemetry/sampler.ts';

/** What recording itself costs. Averages are over the last minute. */
export type Cost = {
  /** CPU time of the collector, in percent of one core */
  readonly cpuPct: number;
  readonly rssBytes: number;
  /** time in the driver a tick, ms */
  readonly readMs: number;
  /** CPU time of the collector a tick, ms: reading, writing, judging */
  readonly cpuMsATick: number;
  /** samples written since the start */
  readonly kept: number;
  /** moments of the grid for which there is no sample, or which could not be written */
  readonly lost: number;
  /** time between samples now, ms */
  readonly intervalMs: number;
};

export type CostMeter = {
  readonly tick: (tick: Tick, written: boolean, intervalMs: number) => void;
  readonly read: () => Cost;
};

const WINDOW_MS = 60_000;

/** Measures this process. One tick is at most a subtraction: looking on must not cost what it measures. */
export function createCostMeter(): CostMeter {
  let kept = 0;
  let lost = 0;
  let intervalMs = 0;
  let ticks = 0;
  let readMs = 0;
  let since = { cpu: process.cpuUsage(), atMs: performance.now() };
  let last: Pick<Cost, 'cpuPct' | 'readMs' | 'cpuMsATick'> | undefined;

  function averages(): Pick<Cost, 'cpuPct' | 'readMs' | 'cpuMsATick'> {
    const { user, system } = process.cpuUsage(since.cpu);
    const cpuMs = (user + system) / 1000;
    const elapsedMs = performance.now() - since.atMs;
    return {
      cpuPct: elapsedMs === 0 ? 0 : (100 * cpuMs) / elapsedMs,
      readMs: ticks === 0 ? 0 : readMs / ticks,
      cpuMsATick: ticks === 0 ? 0 : cpuMs / ticks,
    };
  }

  return {
    tick({ dtMs, gpus, readMs: tookMs }, written, interval) {
      intervalMs = interval;
      ticks++;
      readMs += tookMs;
      if (written) kept += gpus.length;
      else lost += gpus.length;
      // a late tick leaves out the moments it missed
      if (dtMs !== undefined) lost += gpus.length * Math.max(0, Math.round(dtMs / interval) - 1);
      if (performance.now() - since.atMs < WINDOW_MS) return;
      last = averages();
      since = { cpu: process.cpuUsage(), atMs: performance.now() };
      ticks = 0;
      readMs = 0;
    },
    read: () => ({ ...(last ?? averages()), rssBytes: process.memoryUsage.rss(), kept, lost, intervalMs }),
  };
}
