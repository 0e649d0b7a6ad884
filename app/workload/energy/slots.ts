import type { EnergySlot } from './schema.ts';

export const MINUTE_MS = 60_000;
/** Length of a slot that does not state its own. */
export const QUARTER_MS = 15 * MINUTE_MS;

/** A longer gap means that the clock was set. Slots are not filled over years. */
const LONGEST_GAP_MS = 31 * 24 * 3_600_000;

/** A quarter of an hour whose energy grows this evenly is one slot: any part of it is then known to 1 % of the whole. */
const EVEN_SHARE = 0.01;

const quarterOf = (ms: number): number => Math.floor(ms / QUARTER_MS) * QUARTER_MS;

/** One quarter of an hour, by minute, as few slots as describe it. */
function settle(quarterMs: number, minutes: ReadonlyMap<number, number>): EnergySlot[] {
  const count = QUARTER_MS / MINUTE_MS;
  const byMinute = Array.from({ length: count }, (_, i) => minutes.get(quarterMs + i * MINUTE_MS) ?? 0);
  const energyJ = byMinute.reduce((sum, joules) => sum + joules, 0);
  let sum = 0;
  const even = byMinute.every((joules, i) => {
    sum += joules;
    return Math.abs(sum - (energyJ * (i + 1)) / count) <= EVEN_SHARE * energyJ;
  });
  if (even) return [{ fromMs: quarterMs, energyJ }];
  return byMinute.flatMap((joules, i) =>
    minutes.has(quarterMs + i * MINUTE_MS)
      ? [{ fromMs: quarterMs + i * MINUTE_MS, ms: MINUTE_MS, energyJ: joules }]
      : [],
  );
}

/**
 * Sums energy by the minute, so that prices may change at any minute. A quarter of an hour of steady power becomes one slot
 * once it is over: a session of days stays small.
 */
export function createSlots() {
  const settled: EnergySlot[] = [];
  const open = new Map<number, Map<number, number>>(); // by quarter, then by minute

  function addMinute(minuteMs: number, joules: number): void {
    const quarterMs = quarterOf(minuteMs);
    let minutes = open.get(quarterMs);
    if (!minutes) {
      for (const [before, its] of open) {
        if (before >= quarterMs) continue; // the clock was set back
        settled.push(...settle(before, its));
        open.delete(before);
      }
      open.set(quarterMs, (minutes = new Map<number, number>()));
    }
    minutes.set(minuteMs, (minutes.get(minuteMs) ?? 0) + joules);
  }

  return {
    /** Spreads energy evenly over its time, so that energy used in a gap is not priced at the end of the gap. */
    add(joules: number, fromMs: number, toMs: number): void {
      const spanMs = Math.min(toMs - fromMs, LONGEST_GAP_MS);
      for (let atMs = toMs - spanMs; ;) {
        const minute = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
        const untilMs = Math.min(toMs, minute + MINUTE_MS);
        addMinute(minute, spanMs > 0 ? (joules * (untilMs - atMs)) / spanMs : joules);
        if (untilMs >= toMs) return;
        atMs = untilMs;
      }
    },
    result: (): EnergySlot[] => [
      ...settled,
      ...[...open].sort(([a], [b]) => a - b).flatMap(([quarterMs, minutes]) => settle(quarterMs, minutes)),
    ],
  };
}
