import type { Series } from '../history/range.ts';

export type ChartBox = { readonly width: number; readonly height: number };

/** Steps of 1, 2 or 5 × 10ⁿ that cut a span into at most `count` parts. */
export function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}

export type Scale = { readonly low: number; readonly high: number; readonly ticks: readonly number[] };

/** A scale around the finite values of a series, on round numbers. Undefined when there is none. */
export function scaleOf({ min, max }: Series, fromZero: boolean): Scale | undefined {
  const finite = [...min, ...max].filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  const lowest = fromZero ? 0 : Math.min(...finite);
  const highest = Math.max(...finite, lowest + 1);
  const step = niceStep(highest - lowest, 4);
  const low = Math.floor(lowest / step) * step;
  const high = Math.ceil(highest / step) * step;
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step);
  return { low, high, ticks };
}

/** SVG path data of a series: the band from minimum to maximum, and the mean. Breaks where nothing was observed. */
export function seriesPaths({ min, mean, max }: Series, { low, high }: Scale, { width, height }: ChartBox) {
  const x = (i: number) => (((i + 0.5) * width) / mean.length).toFixed(1);
  const y = (value: number) => (height - ((value - low) / (high - low)) * height).toFixed(1);
  const runs: number[][] = [];
  mean.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    const run = runs.at(-1);
    if (run?.at(-1) === i - 1) run.push(i);
    else runs.push([i]);
  });
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
