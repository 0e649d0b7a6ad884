import type { Series } from '../history/range.ts';
import { stretches } from '../history/segments.ts';
import type { Scale } from '../core/scale.ts';

export type ChartBox = { readonly width: number; readonly height: number };

/** SVG path data of a series: the band from minimum to maximum, and the mean. Breaks where nothing was observed. */
export function seriesPaths(
  stepMs: number,
  { min, mean, max }: Series,
  { low, high }: Scale,
  { width, height }: ChartBox,
) {
  const x = (i: number) => (((i + 0.5) * width) / mean.length).toFixed(1);
  const y = (value: number) => (height - ((value - low) / (high - low)) * height).toFixed(1);
  const runs = stretches(mean, stepMs);
  // a single bucket between two gaps is drawn as a short dash, so that it does not vanish
  const line = (run: readonly number[]) =>
    run.length === 1
      ? `M${x(run[0]!)} ${y(mean[run[0]!]!)}h1`
      : `M${run.map((i) => `${x(i)} ${y(mean[i]!)}`).join('L')}`;
  const band = (run: readonly number[]) => {
    const there = run.map((i) => `${x(i)} ${y(max[i]!)}`);
    const back = run.toReversed().map((i) => `${x(i)} ${y(min[i]!)}`);
    return `M${[...there, ...back].join('L')}Z`;
  };
  return {
    line: runs.map(line).join(''),
    band: runs
      .filter((run) => run.length > 1)
      .map(band)
      .join(''),
  };
}
