import { REFERENCE } from './model.ts';
import { BIN_COUNT, binTempC, rateTables } from './tables.ts';
import type { Tally } from './tally.ts';

/**
 * Time by temperature, summed while samples are read. The bins also sum moments of the power, so that every parameter set
 * of every family can be computed exactly from them when an hour ends.
 */
export type Bins = {
  readonly core: Float64Array;
  /** Σ dt·P^n for n = 1, 1.5, 2 by core temperature */
  readonly power: readonly [Float64Array, Float64Array, Float64Array];
  readonly mem: Float64Array;
};

export const createBins = (): Bins => ({
  core: new Float64Array(BIN_COUNT),
  power: [new Float64Array(BIN_COUNT), new Float64Array(BIN_COUNT), new Float64Array(BIN_COUNT)],
  mem: new Float64Array(BIN_COUNT),
});

const listOf = ({ core, power, mem }: Bins): readonly Float64Array[] => [core, ...power, mem];

export const clearBins = (bins: Bins): void => listOf(bins).forEach((bin) => bin.fill(0));

/** Only non-zero bins: bin → value, for each array. */
export type SavedBins = readonly Readonly<Record<string, number>>[];

export const saveBins = (bins: Bins): SavedBins =>
  listOf(bins).map((bin) => {
    const saved: Record<string, number> = {};
    for (let i = 0; i < bin.length; i++) if (bin[i] !== 0) saved[i] = bin[i]!;
    return saved;
  });

export function loadBins(bins: Bins, saved: SavedBins): void {
  listOf(bins).forEach((bin, which) => {
    for (const [i, value] of Object.entries(saved[which] ?? {})) bin[Number(i)] = value;
  });
}

/** Adds the bins to a tally, always in order of temperature, so that equal bins give bit-identical sums. */
export function foldBins({ core, power, mem }: Bins, tally: Tally): void {
  const tables = rateTables();
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    const ms = core[bin]!;
    if (ms !== 0) {
      for (let i = 0; i < tables.silicon.length; i++) tally.silicon[i]! += ms * tables.silicon[i]![bin]!;
      const key = String(Math.round(binTempC(bin)));
      tally.coreMs[key] = (tally.coreMs[key] ?? 0) + ms;
      const energies = tables.electromigration;
      for (let n = 0; n < power.length; n++) {
        const moment = power[n]![bin]!;
        for (let i = 0; i < energies.length; i++) {
          tally.electromigration[n * energies.length + i]! += moment * energies[i]![bin]!;
        }
      }
    }
    const memMs = mem[bin]!;
    if (memMs !== 0) {
      for (let i = 0; i < tables.capacitors.length; i++) tally.capacitors[i]! += memMs * tables.capacitors[i]![bin]!;
    }
  }
}

/** (speed / reference)^s as M5 counts it. */
export const fanLoad = (pct: number, exponent: number): number =>
  exponent === 0 ? 1 : (pct / REFERENCE.fanPct) ** exponent;
