import { cycleRows, sumTallies, type Tally } from '../tally.ts';
import { hoursInOrder, type Ledger } from './ledger.ts';

/** What a card has been through, measured: nothing here is modelled. */
export type Odometer = {
  readonly sinceMs: number | undefined;
  readonly observedHours: number;
  /** observed ÷ time since the first sample */
  readonly coverage: number;
  readonly energyJ: number | undefined;
  readonly energyFrom: 'counter' | 'power' | undefined;
  readonly cycles: { readonly small: number; readonly medium: number; readonly large: number };
  readonly hoursAbove: { readonly c70: number; readonly c80: number; readonly c90: number };
  readonly throttledMs: Tally['throttledMs'];
  readonly events: number;
};

const HOUR_MS = 3_600_000;

/** The part of a ledger that an odometer shows: its hours' sum, of every model version alike, when they began, its events. */
export type Past = { readonly tally: Tally; readonly sinceMs: number | undefined; readonly events: number };

export function pastOf(ledger: Ledger): Past {
  const hours = hoursInOrder(ledger);
  return {
    tally: sumTallies(hours.flatMap(({ parts }) => parts.map((cell) => cell.tally))),
    sinceMs: hours[0]?.parts[0]?.firstMs,
    events: ledger.events.size,
  };
}

/** Reads the odometer of a ledger and the time that is not in it yet. */
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
    throttledMs: tally.throttledMs,
    events,
  };
}
