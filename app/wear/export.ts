import { familyIds, type Exposure, type FamilyExposure, type FamilyId } from './exposure.ts';
import { wearReadings, type WearReading } from './columns.ts';
import { text } from '../core/i18n.ts';
import { disclaimer } from './disclaimer.ts';
import type { FamilyOff } from './family-ids.ts';
import { SOLDER_MID } from './model.ts';
import type { Evidence } from './withhold.ts';

/** What accompanies the model's numbers: facts and trends, in the form of their own rooms. */
export type Beside = { readonly faults?: readonly unknown[]; readonly trends?: readonly unknown[] };

const names: Readonly<Record<FamilyId, string>> = {
  M1: 'silicon, thermal',
  M2: 'electromigration proxy (another view of M1, never added)',
  M3: 'solder',
  M4: 'board capacitors',
  M5: 'fan',
};

const evidenceJson = ({ observedHours, swings }: Partial<Evidence>) => ({
  ...(observedHours !== undefined && { observed_hours: observedHours }),
  ...(swings !== undefined && { swings }),
});

/** A family in each of its states: a rate is null with the reason and what is missing, never just absent. */
function familyJson(id: FamilyId, family: FamilyExposure | undefined, off: FamilyOff = 'not-observed') {
  if (!family) return { name: names[id], state: 'not-computed', reason: off };
  const { state, needs, missing, confidence, observedHours, rate, equivalentHours, sets, withInferred } = family;
  return {
    name: names[id],
    state,
    ...(missing && {
      reason: 'not-enough-observed',
      needs: evidenceJson(needs ?? {}),
      missing: evidenceJson(missing),
    }),
    confidence,
    observed_hours: observedHours,
    rate_low: rate?.low ?? null,
    rate_mid: rate?.mid ?? null,
    rate_high: rate?.high ?? null,
    eq_hours: equivalentHours ?? null,
    param_sets: sets,
    ...(id === 'M3' && rate ? { mid_set: sets[SOLDER_MID]?.name } : {}),
    ...(withInferred ? { with_inferred_cycles: withInferred } : {}),
  };
}

/** An exposure for other programs. Every number comes with its band, its coverage and the model version. */
export function exposureJson(exposure: Exposure, sensors: readonly WearReading[] = wearReadings, beside: Beside = {}) {
  const { families, off, sinceMs, untilMs } = exposure;
  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    model_version: exposure.modelVersion,
    ref_profile: exposure.reference,
    calibrated: false,
    period: { from: iso(sinceMs), to: iso(untilMs) },
    observed_hours: exposure.observedHours,
    coverage: exposure.coverage,
    inferred_cycles: exposure.inferredCycles.reduce((sum, { count }) => sum + Math.max(0, count), 0),
    sensor_list: sensors,
    per_family: Object.fromEntries(familyIds.map((id) => [id, familyJson(id, families[id], off[id])])),
    cycles: exposure.cycles,
    hours_by_temperature: exposure.hoursByTemp,
    faults: beside.faults ?? [],
    trends: beside.trends ?? [],
    disclaimer: disclaimer(text, exposure.coverage),
  };
}

/** The readings of a trace that had any value. */
export const sensorsIn = (columns: { readonly [Key in WearReading]: Float64Array }): WearReading[] =>
  wearReadings.filter((key) => columns[key].some((value) => !Number.isNaN(value)));
