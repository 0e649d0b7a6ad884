import type { OwnCost } from '../core/own-cost.ts';
import type { Tick } from '../telemetry/sampler.ts';

export type OwnCostMeter = {
  readonly tick: (tick: Tick, written: boolean, intervalMs: number) => void;
  readonly read: () => OwnCost;
};

const WINDOW_MS = 60_000;

/** Measures this process. One tick is at most a subtraction: measuring must not cost what it measures. */
export function createOwnCostMeter(): OwnCostMeter {
  let kept = 0;
  let lost = 0;
  let intervalMs = 0;
  let ticks = 0;
  let readMs = 0;
  let since = { cpu: process.cpuUsage(), atMs: performance.now() };
  let last: Pick<OwnCost, 'cpuPct' | 'readMs' | 'cpuMsATick'> | undefined;

  function averages(): Pick<OwnCost, 'cpuPct' | 'readMs' | 'cpuMsATick'> {
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
