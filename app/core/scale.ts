/** The smallest step of 1, 2 or 5 × 10ⁿ that divides a span into at most `count` parts. */
export function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}

export type Scale = { readonly low: number; readonly high: number; readonly ticks: readonly number[] };

/** A scale with round limits that contains all finite values. Undefined if there are none. */
export function scaleAround(values: Iterable<number>, { fromZero = false, parts = 4 } = {}): Scale | undefined {
  let [lowest, highest] = fromZero ? [0, -Infinity] : [Infinity, -Infinity];
  let any = false;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    any = true;
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  if (!any) return undefined;
  const step = niceStep(Math.max(highest - lowest, 1), parts);
  const low = Math.floor(lowest / step) * step;
  const high = Math.max(Math.ceil(highest / step) * step, low + step);
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step);
  return { low, high, ticks };
}

const FROM_ZERO: readonly string[] = ['W', 'B'];

/**
 * The scale of a chart of one metric. Percentages range from 0 to 100, power and memory start at zero. For other units a
 * constant value is drawn in the middle. Undefined if there is no value.
 */
export function scaleOf(unit: string, lowest: number | null, highest: number | null, parts = 3): Scale | undefined {
  if (lowest === null || highest === null) return undefined;
  if (unit === '%') return scaleAround([0, 100, lowest, highest], { parts });
  const fromZero = FROM_ZERO.includes(unit);
  const around = lowest === highest && !fromZero ? 1 : 0;
  return scaleAround([lowest - around, highest + around], { fromZero, parts });
}
