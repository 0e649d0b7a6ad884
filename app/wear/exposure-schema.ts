import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { confidences, familyIds, familyOffs } from './family-ids.ts';

/** A result and the range in which it lies for all parameter sets. */
export const band = z.object({ low: z.number(), mid: z.number(), high: z.number() });
export type Band = TypeOf<typeof band>;

/** Whether a rate may be shown: withheld until enough was observed, then marked for a day. */
const familyStates = ['withheld', 'first-day', 'shown'] as const;

const evidence = z.object({ observedHours: z.number(), swings: z.number().optional() });

/** A family of the model for a period. Rates are relative to the reference profile. */
const familyExposure = z.object({
  state: z.enum(familyStates),
  /** withheld: what a rate needs, and what is still missing of it */
  needs: evidence.optional(),
  missing: evidence.partial().optional(),
  confidence: z.enum(confidences),
  /** hours in which every reading of the family was observed */
  observedHours: z.number(),
  /** absent while it is withheld */
  rate: band.optional(),
  /** M3: absent before the first counted swing */
  equivalentHours: band.optional(),
  /** empty while the rate is withheld */
  sets: z.array(z.object({ name: z.string(), rate: z.number() })),
  /** M3: including the swings that were inferred across a power-off */
  withInferred: band.optional(),
});
export type FamilyExposure = TypeOf<typeof familyExposure>;

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
  /** swings by whole K of range: measured, and the difference that inferred ones make */
  cycles: swings,
  inferredCycles: swings,
  hoursByTemp: z.array(z.object({ tempC: z.number(), hours: z.number() })),
});
export type Exposure = TypeOf<typeof exposure>;
