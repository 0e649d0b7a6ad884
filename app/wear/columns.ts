/**
 * Samples of one card as the model reads them: one typed array per metric, one element per sample, NaN where there was no
 * value. Stored chunks have this form; a live sample is a chunk of one.
 */
export type WearColumns = {
  /** wall clock, ms since 1970 */
  readonly tsMs: Float64Array;
  /** time since the previous sample by the monotonic clock, ms; NaN after a gap */
  readonly dtMs: Float64Array;
} & { readonly [Key in WearReading]: Float64Array };

/** Metrics that the model uses, by their keys in the catalogue. */
export const wearReadings = [
  'coreTempC',
  'memTempC',
  'powerW',
  'fanPct',
  'energyMj',
  'powerDefaultLimitW',
  'throttleReasons',
  'throttledSwPowerUs',
  'throttledSwThermalUs',
  'throttledHwThermalUs',
  'throttledPowerBrakeUs',
] as const;
export type WearReading = (typeof wearReadings)[number];

/** What throttled time is decided from, in the order of `throttleReadings`. Sync boost belongs to no counted cause. */
export const throttleColumns = [
  'throttleReasons',
  'throttledSwPowerUs',
  'throttledSwThermalUs',
  'throttledHwThermalUs',
  'throttledPowerBrakeUs',
] as const satisfies readonly WearReading[];

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
    throttleReasons: absent(),
    throttledSwPowerUs: absent(),
    throttledSwThermalUs: absent(),
    throttledHwThermalUs: absent(),
    throttledPowerBrakeUs: absent(),
  };
};
