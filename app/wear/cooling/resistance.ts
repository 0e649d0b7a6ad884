import type { CoolingLevel } from './trend-schema.ts';

/**
 * Thermal resistance R = (T_gpu − T_air)/P in K/W. A desktop has no inlet sensor, so it is the slope of T = a + R·P over
 * steady samples in one fan band; a is the effective air temperature. Practice: US 7,962,306 B2 (heat sink resistance at
 * high power and fixed fan speed against a baseline of the same machine). A card is compared with itself alone: identical
 * ones differ by 8 % on average and up to 22 % (SC22, arXiv 2208.11035).
 */

/** R of one steady state whose air temperature is known. */
export const resistanceOf = (coreC: number, airC: number, powerW: number): number => (coreC - airC) / powerW;

/** R of a heat sink under forced convection: conduction, and convection that falls with fan speed, C·rpm^−β. */
export const convectiveResistance = (conduction: number, c: number, rpm: number, beta: number): number =>
  conduction + c * rpm ** -beta;

export type Line = { readonly slope: number; readonly intercept: number };

/** Weighted least squares of y = intercept + slope·x. Undefined when all x are the same. */
export function fitLine(xs: readonly number[], ys: readonly number[], weights?: readonly number[]): Line | undefined {
  let [w, x, y] = [0, 0, 0];
  for (let i = 0; i < xs.length; i++) {
    const weight = weights?.[i] ?? 1;
    w += weight;
    x += weight * xs[i]!;
    y += weight * ys[i]!;
  }
  const [meanX, meanY] = [x / w, y / w];
  let [sxx, sxy] = [0, 0];
  for (let i = 0; i < xs.length; i++) {
    const weight = weights?.[i] ?? 1;
    sxx += weight * (xs[i]! - meanX) ** 2;
    sxy += weight * (xs[i]! - meanX) * (ys[i]! - meanY);
  }
  if (!(sxx > 0)) return undefined;
  const slope = sxy / sxx;
  return { slope, intercept: meanY - slope * meanX };
}

/** Rises of R over the card's own baseline that count as a warning and as critical (ours, not a standard). */
export const COOLING_LIMITS = { watch: 1.15, act: 1.3 } as const;

/** The level of a ratio to the baseline; `certain` is false where the confidence interval of the ratio includes 1. */
export const coolingLevel = (
  ratio: number,
  certain = true,
  limits: { readonly watch: number; readonly act: number } = COOLING_LIMITS,
): CoolingLevel => (!certain || ratio < limits.watch ? 'ok' : ratio < limits.act ? 'watch' : 'act');
