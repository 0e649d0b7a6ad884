import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { confidences, familyIds, familyOffs } from './family-ids.ts';

const ends = z.object({ low: z.number(), high: z.number() });

/** A result and the range in which it lies for all parameter sets. */
export const band = z.object({ low: z.number(), mid: z.number(), high: z.number() });
export type Band = TypeOf<typeof band>;

/** A family of the model for a period. Rates are relative to the reference profile. */
const familyExposure = z.object({
  confidence: z.enum(confidences),
  /** hours in which every reading of the family was observed */
  observedHours: z.number(),
  rate: band,
  equivalentHours: band,
  sets: z.array(z.object({ name: z.string(), rate: z.number() })),
  /** M3: including the swings that were inferred across a power-off */
  withInferred: band.optional(),
});
export type FamilyExposure = TypeOf<typeof familyExposure>;

const combined = z.object({
  /** weighted sum of the families' typical rates; uncalibrated: equal weights are a convention without supporting data */
  headline: z.number(),
  /** smallest and largest typical rate: the range that other weights could give */
  envelope: ends,
  /** lowest and highest end of all bands */
  band: ends,
});
export type Combined = TypeOf<typeof combined>;

const swings = z.array(z.object({ rangeK: z.number(), count: z.number() }));

export const exposure = z.object({
  modelVersion: z.string(),
  reference: z.string(),
  sinceMs: z.number().optional(),
  untilMs: z.number().optional(),
  observedHours: z.number(),
  /** observed ÷ (observed + unobserved), 0–1 */
  coverage: z.number(),
  families: z.partialRecord(z.enum(familyIds), familyExposure),
  off: z.partialRecord(z.enum(familyIds), z.enum(familyOffs)),
  /** over the families that add up, with equal weights; undefined where none is computed */
  combined: combined.optional(),
  /** swings by whole K of range: measured, and the difference that inferred ones make */
  cycles: swings,
  inferredCycles: swings,
  hoursByTemp: z.array(z.object({ tempC: z.number(), hours: z.number() })),
});
export type Exposure = TypeOf<typeof exposure>;
