import { acceleration } from './arrhenius.ts';
import { CAPACITORS, ELECTROMIGRATION, REFERENCE, SILICON } from './model.ts';
import { agingRate } from './board-parts.ts';

/**
 * Acceleration at every temperature that can be stored. Temperatures are kept in tenths of a degree (metrics.ts), so a
 * table of tenths is exact: no rate is rounded, and no exponential is taken while samples are read.
 */
export const BIN_LOW_C = -40;
export const BIN_HIGH_C = 150;
export const BINS_PER_DEGREE = 10;
export const BIN_COUNT = (BIN_HIGH_C - BIN_LOW_C) * BINS_PER_DEGREE + 1;

/** Bin of a temperature, limited to the catalogue's range. NaN gives 0, which callers must not use. */
export const binOf = (tempC: number): number => {
  const bin = Math.round((tempC - BIN_LOW_C) * BINS_PER_DEGREE);
  return !(bin > 0) ? 0 : bin >= BIN_COUNT ? BIN_COUNT - 1 : bin;
};

export const binTempC = (bin: number): number => bin / BINS_PER_DEGREE + BIN_LOW_C;

const tableOf = (rate: (tempC: number) => number): Float64Array =>
  Float64Array.from({ length: BIN_COUNT }, (_, bin) => rate(binTempC(bin)));

export type RateTables = {
  readonly silicon: readonly Float64Array[];
  /** for each activation energy; the exponents of the power differ in what they are multiplied with */
  readonly electromigration: readonly Float64Array[];
  readonly capacitors: readonly Float64Array[];
};

let built: RateTables | undefined;

/** Built once, at first use: 14 tables of 1,901 rates. */
export const rateTables = (): RateTables =>
  (built ??= {
    silicon: SILICON.grid.map((ea) => tableOf((tempC) => acceleration(ea, REFERENCE.coreTempC, tempC))),
    electromigration: ELECTROMIGRATION.energies.map((ea) =>
      tableOf((tempC) => acceleration(ea, REFERENCE.coreTempC, tempC)),
    ),
    capacitors: CAPACITORS.map(({ factor, perK }) =>
      tableOf((tempC) => agingRate(REFERENCE.memTempC, tempC, factor, perK)),
    ),
  });
