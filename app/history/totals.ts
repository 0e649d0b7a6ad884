import { countedCauses, type CountedCause, type Throttled } from '../metrics/throttled.ts';
import { intervalSums, summedMetricIds, sumKinds, throttleKinds, type SumKind } from './codec/interval-sums.ts';
import { HOUR_MS, hourOf } from './open-hour.ts';
import type { RangeSources } from './range.ts';
import { MINUTE_MS } from './rollup-parts.ts';
import type { Totals } from './schema.ts';

export type { Totals } from './schema.ts';

/** Adds up a range: whole hours from their roll-ups, its ends from minutes, and the rows of the open hour. */
export function queryTotals(sources: RangeSources, gpuId: number, fromMs: number, toMs: number): Totals {
  const { open, parts, carries } = sources;
  const from = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS;
  const to = Math.ceil(toMs / MINUTE_MS) * MINUTE_MS;
  const total = Object.fromEntries(sumKinds.map((kind) => [kind, 0])) as Record<SumKind, number>;
  let olderUntilMs: number | null = null;

  function add(slotMs: number, startMs: number, endMs: number): void {
    if (startMs >= endMs) return;
    for (const rollup of parts.between(gpuId, slotMs, startMs, endMs, [])) {
      for (let i = 0; i < rollup.slots; i++) {
        const at = rollup.fromMs + i * slotMs;
        if (at < startMs || at >= endMs) continue;
        for (const kind of sumKinds) total[kind] += rollup.sums[kind][i]!;
        if (rollup.sums.olderMs[i]! > 0) olderUntilMs = Math.max(olderUntilMs ?? 0, at + slotMs);
      }
    }
  }
  const firstHour = Math.min(to, Math.ceil(from / HOUR_MS) * HOUR_MS);
  const lastHour = Math.max(firstHour, hourOf(to));
  add(MINUTE_MS, from, firstHour);
  add(HOUR_MS, firstHour, lastHour);
  add(MINUTE_MS, lastHour, to);

  const rows = open.recent(gpuId, summedMetricIds);
  const sums = intervalSums(rows, carries.before(gpuId, rows));
  rows.tsMs.forEach((ts, i) => {
    if (ts >= from && ts < to) for (const kind of sumKinds) total[kind] += sums[kind][i]!;
  });

  return {
    fromMs: from,
    toMs: to,
    observedMs: total.observedMs,
    asleepMs: total.asleepMs,
    unobservedMs: Math.max(0, to - from - total.observedMs - total.asleepMs),
    energyJ: total.energyMj / 1000,
    throttled: Object.fromEntries(
      countedCauses.map((cause): [CountedCause, Throttled] => {
        const { us, knownMs } = throttleKinds[cause];
        return [cause, { ms: total[us] / 1000, knownMs: total[knownMs] }];
      }),
    ) as Totals['throttled'],
    olderUntilMs,
  };
}
