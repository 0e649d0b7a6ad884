/**
 * Fatigue of solder joints by temperature swings, and Miner's sum. Sources: Coffin–Manson; Norris–Landzberg as used by
 * FIDES 2022 / NRPM handbook (nrpmhandbook.reliability.space).
 */
import { kelvin } from './arrhenius.ts';
import { REFERENCE, type SolderSet } from './model.ts';

/** Coffin–Manson: how many use cycles one test cycle is worth, (ΔT_test/ΔT_use)^n. */
export const coffinManson = (testRangeK: number, useRangeK: number, exponent: number): number =>
  (testRangeK / useRangeK) ** exponent;

/** One condition of cycling: swing in K, frequency in cycles a day, highest temperature in °C. */
export type Cycling = { readonly rangeK: number; readonly perDay: number; readonly maxTempC: number };

/**
 * Norris–Landzberg acceleration of a test over use: (ΔT_t/ΔT_u)^n · (f_u/f_t)^m · exp[Q·(1/T_max,u − 1/T_max,t)]. Slower
 * cycles do *more* damage each: several public calculators have the frequency term upside down, 13-fold too much.
 */
export const norrisLandzberg = (
  test: Cycling,
  use: Cycling,
  { rangeExponent, dwellExponent, activationK }: Omit<SolderSet, 'name'>,
): number =>
  coffinManson(test.rangeK, use.rangeK, rangeExponent) *
  (use.perDay / test.perDay) ** dwellExponent *
  Math.exp(activationK * (1 / kelvin(use.maxTempC) - 1 / kelvin(test.maxTempC)));

/**
 * Rate of FIDES for cycles of a mission profile, relative to two cycles a day of 20 K up to 40 °C: with its own rounding
 * of 0 °C to 273 K.
 */
export const fidesCycleRate = (profile: {
  readonly cycles: number;
  readonly hours: number;
  readonly dwellHours: number;
  readonly rangeK: number;
  readonly maxTempC: number;
}): number =>
  ((12 * profile.cycles) / profile.hours) *
  (Math.min(profile.dwellHours, 2) / 2) ** (1 / 3) *
  (profile.rangeK / 20) ** 1.9 *
  Math.exp(1414 * (1 / 313 - 1 / (273 + profile.maxTempC)));

/** The swing that counts as one. */
export type SwingReference = { readonly rangeK: number; readonly maxTempC: number; readonly dwellHours: number };

/**
 * Damage of one cycle, in cycles of the reference: (ΔT/25)^q · (min(θ, 2 h)/2 h)^m · exp[Q·(1/T_max,ref − 1/T_max)]. It
 * never falls with a larger swing, a longer dwell or a higher temperature.
 * @param dwellHours θ: the time between the turning points of the counted cycle
 */
export const referenceCycles = (
  rangeK: number,
  dwellHours: number,
  maxTempC: number,
  set: SolderSet,
  reference: SwingReference = REFERENCE,
): number =>
  (rangeK / reference.rangeK) ** set.rangeExponent *
  (Math.min(dwellHours, reference.dwellHours) / reference.dwellHours) ** set.dwellExponent *
  Math.exp(set.activationK * (1 / kelvin(reference.maxTempC) - 1 / kelvin(maxTempC)));

/** Cycles to failure on a straight S–N line through (`atRange`, `atCycles`) with slope m: N = N_c·(S_c/S)^m. */
export const endurance = (range: number, atRange: number, atCycles: number, slope: number): number =>
  atCycles * (atRange / range) ** slope;

/** Miner's sum Σ n/N; failure nominally at 1, with wide scatter in the field. */
export const minerSum = (loads: readonly { readonly count: number; readonly cyclesToFailure: number }[]): number =>
  loads.reduce((sum, { count, cyclesToFailure }) => sum + count / cyclesToFailure, 0);
