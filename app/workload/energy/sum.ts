import type { Doubt, Piece, SpanDoubt } from './span.ts';
import { shareAt, type ShareSpan } from './shares.ts';
import { createSlots } from './slots.ts';

/** The session's energy up to a moment. */
export type CurvePoint = { readonly tsMs: number; readonly totalJ: number };

/**
 * Sums the energy of a session: its own, by the time of its use, and what cannot be divided.
 * @param shares the session's shares of the card, as known so far
 * @param timed also keep the total at each sample, to read off the energy of each output
 */
export function createEnergySum(shares: () => readonly ShareSpan[], timed: boolean) {
  const slots = createSlots();
  const curve: CurvePoint[] = [];
  let ownJ = 0;
  let ownMs = 0;
  let sharedJ = 0;
  /** of the first and the newest piece; undefined: not known */
  let ends: { readonly first: number | undefined; readonly newest: number | undefined } | undefined;

  return {
    add({ joules, fromMs, toMs }: Piece): void {
      if (timed && curve.length === 0) curve.push({ tsMs: fromMs, totalJ: 0 });
      const share = shareAt(shares(), (fromMs + toMs) / 2);
      ends = { first: ends ? ends.first : share, newest: share };
      if (share === undefined) sharedJ += joules;
      else {
        ownJ += joules * share;
        ownMs += (toMs - fromMs) * share;
        slots.add(joules * share, fromMs, toMs);
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
      slots: slots.result(),
    }),
  };
}

export type EnergySum = ReturnType<ReturnType<typeof createEnergySum>['result']>;
