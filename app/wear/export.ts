import { addedFamilies, type Exposure, type FamilyExposure, type FamilyId } from './exposure.ts';
import { wearReadings, type WearReading } from './columns.ts';
import { text } from '../core/i18n.ts';
import { disclaimer } from './disclaimer.ts';
import { SOLDER_MID } from './model.ts';

/** What accompanies the model's numbers: facts and trends, in the form of their own rooms. */
export type Beside = { readonly faults?: readonly unknown[]; readonly trends?: readonly unknown[] };

const names: Readonly<Record<FamilyId, string>> = {
  M1: 'silicon, thermal',
  M2: 'electromigration proxy (another view of M1, never added)',
  M3: 'solder',
  M4: 'board capacitors',
  M5: 'fan',
};

function familyJson(
  id: FamilyId,
  { confidence, observedHours, rate, equivalentHours, sets, withInferred }: FamilyExposure,
) {
  return {
    name: names[id],
    confidence,
    observed_hours: observedHours,
    rate_low: rate.low,
    rate_mid: rate.mid,
    rate_high: rate.high,
    eq_hours: equivalentHours,
    param_sets: sets,
    ...(id === 'M3' ? { mid_set: sets[SOLDER_MID]?.name } : {}),
    ...(withInferred ? { with_inferred_cycles: withInferred } : {}),
  };
}

/** The headline's weights by family: equal, a convention without supporting data. */
function equalWeights(families: Exposure['families']): Partial<Record<FamilyId, number>> {
  const added = addedFamilies.filter((id) => families[id]);
  return Object.fromEntries(added.map((id) => [id, 1 / added.length]));
}

/** An exposure for other programs. Every number comes with its band, its coverage and the model version. */
export function exposureJson(exposure: Exposure, sensors: readonly WearReading[] = wearReadings, beside: Beside = {}) {
  const { families, off, combined, sinceMs, untilMs } = exposure;
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
    per_family: Object.fromEntries(
      Object.entries(families).map(([id, family]) => [id, familyJson(id as FamilyId, family)]),
    ),
    not_computed: off,
    headline: combined
      ? { value: combined.headline, weights: equalWeights(families), uncalibrated: true, envelope: combined.envelope }
      : null,
    envelope: combined?.envelope ?? null,
    band: combined?.band ?? null,
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
