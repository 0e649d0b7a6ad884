import { GAP_MS } from '../telemetry/sampler.ts';

/**
 * Which buckets of a series belong to one stretch: with buckets shorter than the time between samples some are empty
 * although nothing is missing. A stretch ends where nothing was observed for longer than a gap.
 * @returns runs of indices that have a value
 */
export function stretches(values: ArrayLike<number>, stepMs: number): number[][] {
  const bridged = Math.max(1, Math.floor(GAP_MS / stepMs));
  const runs: number[][] = [];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    const run = runs.at(-1);
    if (run && i - run.at(-1)! <= bridged) run.push(i);
    else runs.push([i]);
  }
  return runs;
}
