import type { FamilyExposure } from './exposure-schema.ts';
import type { FamilyId } from './family-ids.ts';

/** What was observed of a card, or is needed before a rate is shown. */
export type Evidence = { readonly observedHours: number; readonly swings?: number };

/**
 * When a rate may be shown (docs/wear-model.md): a short observation extrapolated to a rate is noise. Hours are those in
 * which every reading of the family was observed; swings are counted ones of 3 K or more.
 */
export const rateNeeds: Readonly<Record<FamilyId, Evidence>> = {
  M1: { observedHours: 1 },
  M2: { observedHours: 1 },
  M3: { observedHours: 7 * 24, swings: 3 },
  M4: { observedHours: 1 },
  M5: { observedHours: 1 },
};

/** Below this a rate is marked as one of the first day, h. */
const FIRST_DAY_H = 24;
/** Equivalent hours of solder may be shown from the first counted swing. */
const FIRST_SWING = 1;
/** Days with a rate that a trend of any family needs. */
export const TREND_NEEDS_DAYS = 14;

/** What is still missing of a need; undefined: nothing. */
function missingOf(needs: Evidence, { observedHours, swings = 0 }: Evidence): Partial<Evidence> | undefined {
  const hours = needs.observedHours - observedHours;
  const more = (needs.swings ?? 0) - swings;
  if (hours <= 0 && more <= 0) return undefined;
  return { ...(hours > 0 && { observedHours: hours }), ...(more > 0 && { swings: more }) };
}

/** A family as it may be shown: its rates are taken away until enough was observed, and it says what is missing. */
export function withhold(id: FamilyId, family: Computed, swings: number): FamilyExposure {
  const { equivalentHours, rate, sets, withInferred, ...rest } = family;
  const needs = rateNeeds[id];
  const missing = missingOf(needs, { observedHours: family.observedHours, swings });
  const hours = needs.swings === undefined || swings >= FIRST_SWING ? equivalentHours : undefined;
  if (missing) return { ...rest, state: 'withheld', needs, missing, equivalentHours: hours, sets: [] };
  const state = family.observedHours < FIRST_DAY_H ? 'first-day' : 'shown';
  return { ...rest, state, equivalentHours: hours, rate, sets, withInferred };
}

/** A family with all that the model gives. */
export type Computed = Pick<FamilyExposure, 'confidence' | 'observedHours' | 'sets' | 'withInferred'> &
  Required<Pick<FamilyExposure, 'rate' | 'equivalentHours'>>;
