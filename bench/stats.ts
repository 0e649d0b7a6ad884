/**
 * A size of a measurement: `full`, or `brief` in a run with --quick, which shows that a benchmark works and measures nothing.
 */
export const size = (full: number, brief: number): number =>
  process.env['SLOWBURN_BENCH_QUICK'] === '1' ? brief : full;

/** Median of some numbers. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** To three significant digits: more is noise. */
export const rounded = (value: number): number => Number(value.toPrecision(3));
