import { cycleRows, sumTallies, type Tally } from '../tally.ts';
import { hoursInOrder, type Ledger } from './ledger.ts';
import type { Odometer } from './odometer-schema.ts';

export type { Odometer };

const HOUR_MS = 3_600_000;

/** The figures of a ledger that an odometer shows: the sum of hours of every model version, their start, the events. */
export type Past = { readonly tally: Tally; readonly sinceMs: number | undefined; readonly events: number };

export function pastOf(ledger: Ledger): Past {
  const hours = hoursInOrder(ledger);
  return {
    tally: sumTallies(hours.flatMap(({ cells }) => cells.map((cell) => cell.tally))),
    sinceMs: hours[0]?.cells[0]?.firstMs,
    events: ledger.events.size,
  };
}

/** The odometer of a ledger and of the current hour, which is not in it yet. */
export function odometerOf(past: Past, current: Tally, untilMs: number | undefined): Odometer {
  const tally = sumTallies([past.tally, current]);
  const { sinceMs, events } = past;
  const spanMs = sinceMs === undefined || untilMs === undefined ? tally.observedMs : untilMs - sinceMs;
  const counts = { small: 0, medium: 0, large: 0 };
  for (const { rangeK, count } of cycleRows(tally.cycles)) {
    counts[rangeK < 10 ? 'small' : rangeK < 30 ? 'medium' : 'large'] += count;
  }
  const above = (limitC: number): number =>
    Object.entries(tally.coreMs).reduce((sum, [temp, ms]) => (Number(temp) >= limitC ? sum + ms : sum), 0) / HOUR_MS;
  const energyJ = tally.counterJ > 0 ? tally.counterJ : tally.powerJ > 0 ? tally.powerJ : undefined;
  return {
    sinceMs,
    observedHours: tally.observedMs / HOUR_MS,
    coverage: tally.observedMs === 0 ? 0 : Math.min(1, tally.observedMs / Math.max(spanMs, tally.observedMs)),
    energyJ,
    energyFrom: energyJ === undefined ? undefined : tally.counterJ > 0 ? 'counter' : 'power',
    cycles: counts,
    hoursAbove: { c70: above(70), c80: above(80), c90: above(90) },
    throttled: tally.throttled,
    events,
  };
}
