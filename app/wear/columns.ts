/**
 * Samples of one card as the model reads them: one typed array a reading, one slot a sample, NaN where there was no value.
 * Storage hands over its chunks in this form; a live sample is a chunk of one.
 */
export type WearColumns = {
  /** wall clock, ms since 1970 */
  readonly tsMs: Float64Array;
  /** time since the sample before by the monotonic clock, ms; NaN after a gap */
  readonly dtMs: Float64Array;
} & { readonly [Key in WearReading]: Float64Array };

/** Readings that the model uses, by their keys in the catalogue. */
export const wearReadings = [
  'coreTempC',
  'memTempC',
  'powerW',
  'fanPct',
  'energyMj',
  'powerDefaultLimitW',
  'throttledSwPowerUs',
  'throttledSwThermalUs',
  'throttledHwThermalUs',
  'throttledPowerBrakeUs',
] as const;
export type WearReading = (typeof wearReadings)[number];

/** Columns for `length` samples, all absent. */
export const createColumns = (length: number): WearColumns => {
  const absent = (): Float64Array => new Float64Array(length).fill(Number.NaN);
  return {
    tsMs: new Float64Array(length),
    dtMs: absent(),
    coreTempC: absent(),
    memTempC: absent(),
    powerW: absent(),
    fanPct: absent(),
    energyMj: absent(),
    powerDefaultLimitW: absent(),
    throttledSwPowerUs: absent(),
    throttledSwThermalUs: absent(),
    throttledHwThermalUs: absent(),
    throttledPowerBrakeUs: absent(),
  };
};
