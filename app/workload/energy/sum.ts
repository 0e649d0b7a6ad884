import type { Doubt, Piece, SpanDoubt } from './span.ts';
import type { EnergySlot } from './schema.ts';
import { shareAt, type ShareSpan } from './shares.ts';
import { SLOT_MS } from './tariff.ts';

/** The session's energy up to a moment. */
export type CurvePoint = { readonly tsMs: number; readonly totalJ: number };

/** A longer gap means that the clock was set. Slots are not filled over years. */
const LONGEST_GAP_MS = 31 * 24 * 3_600_000;

/**
 * Sums the energy of a session: its own, by quarter of an hour, and what cannot be divided.
 * @param shares the session's shares of the card, as known so far
 * @param timed also keep the total at each sample, to read off the energy of each output
 */
export function createEnergySum(shares: () => readonly ShareSpan[], timed: boolean) {
  const slots = new Map<number, number>();
  const curve: CurvePoint[] = [];
  let ownJ = 0;
  let ownMs = 0;
  let sharedJ = 0;
  /** of the first and the newest piece; undefined: not known */
  let ends: { readonly first: number | undefined; readonly newest: number | undefined } | undefined;

  /** Spreads energy evenly over its time, so that energy used in a gap is not priced at the end of the gap. */
  function addToSlots(joules: number, fromMs: number, toMs: number): void {
    for (let atMs = Math.max(fromMs, toMs - LONGEST_GAP_MS); ;) {
      const slot = Math.floor(atMs / SLOT_MS) * SLOT_MS;
      const untilMs = Math.min(toMs, slot + SLOT_MS);
      const part = toMs > fromMs ? (untilMs - atMs) / Math.min(toMs - fromMs, LONGEST_GAP_MS) : 1;
      slots.set(slot, (slots.get(slot) ?? 0) + joules * part);
      if (untilMs >= toMs) return;
      atMs = untilMs;
    }
  }

  return {
    add({ joules, fromMs, toMs }: Piece): void {
      if (timed && curve.length === 0) curve.push({ tsMs: fromMs, totalJ: 0 });
      const share = shareAt(shares(), (fromMs + toMs) / 2);
      ends = { first: ends ? ends.first : share, newest: share };
      if (share === undefined) sharedJ += joules;
      else {
        ownJ += joules * share;
        ownMs += (toMs - fromMs) * share;
        addToSlots(joules * share, fromMs, toMs);
      }
      if (timed) curve.push({ tsMs: toMs, totalJ: ownJ });
    },
    /** The part of the doubt at both ends that concerns this session. */
    doubt({ begin, end }: Pick<SpanDoubt, 'begin' | 'end'>): Doubt {
      const { first = 0, newest = 0 } = ends ?? {};
      return {
        belowJ: begin.belowJ * first + end.belowJ * newest,
        aboveJ: begin.aboveJ * first + end.aboveJ * newest,
      };
    },
    result: () => ({
      ownJ,
      ownMs,
      sharedJ,
      curve,
      slots: [...slots].map(([fromMs, energyJ]): EnergySlot => ({ fromMs, energyJ })),
    }),
  };
}

export type EnergySum = ReturnType<ReturnType<typeof createEnergySum>['result']>;
