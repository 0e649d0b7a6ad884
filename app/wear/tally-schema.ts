import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { throttledTimes } from '../metrics/schema.ts';

const record = z.record(z.string(), z.number());
const numbers = z.array(z.number());

/** As hours were written that were metered by the counters alone: 0 also where the card has no counter. Not used. */
const counterTimes = z.object({
  powerCap: z.number(),
  swThermal: z.number(),
  hwThermal: z.number(),
  powerBrake: z.number(),
});

/**
 * The sums of a period. They add up: an hour, a day and a whole life have the same form, and the tally of a period is the
 * sum of the tallies of its parts. All times are ms.
 */
export const tally = z.object({
  /** core temperature present at both ends of each interval */
  observedMs: z.number(),
  powerMs: z.number(),
  memMs: z.number(),
  fanMs: z.number(),
  /** M1: ms at the reference, for each activation energy */
  silicon: numbers,
  /** M2: ms·W^n at the reference, for each exponent and energy; summaries divide it by P_ref^n */
  electromigration: numbers,
  /** M3: reference cycles for each set from measured swings, and the difference that inferred ones make */
  solder: numbers,
  solderInferred: numbers,
  /** M4, for each rule */
  capacitors: numbers,
  /** M5: time with a fan speed above 0, times (speed/reference)^s for each s */
  fan: numbers,
  /** ms by whole °C of the core */
  coreMs: record,
  /** counted swings: "range/highest/dwell class" → cycles */
  cycles: record,
  inferredCycles: record,
  /** J from the card's own counter, and from its power readings */
  counterJ: z.number(),
  powerJ: z.number(),
  /** throttled time (metrics/throttled.ts); absent in hours that were metered by an earlier rule */
  throttled: throttledTimes.optional(),
  /** the earlier rule: kept because seals cover it */
  throttledMs: counterTimes.optional(),
});
/** The tally of a period that has ended. */
export type EndedTally = TypeOf<typeof tally>;
/** Mutable: meters add into it. */
export type Tally = Required<Omit<z.infer<typeof tally>, 'throttledMs'>>;
