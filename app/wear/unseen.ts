/**
 * Mechanisms that the model leaves out because telemetry lacks their inputs. The equations remain so that their size can be
 * stated and checked (docs/wear-model.md, "What it cannot see").
 */
import { acceleration, BOLTZMANN_EV_K, kelvin } from './arrhenius.ts';

/** Black's equation, MTTF ∝ j^(−n)·exp(Ea/kT): how MTTF changes with current density and temperature. */
export const blackLifeRatio = (exponent: number, currentRatio: number, ea = 0, tempC = 0, refTempC = tempC): number =>
  currentRatio ** -exponent * acceleration(ea, tempC, refTempC);

/** The current density at `tempC` that gives the same MTTF as 1 at `refTempC`: exp[(Ea/nk)·(1/T − 1/T_ref)]. */
export const blackAllowedCurrent = (ea: number, exponent: number, tempC: number, refTempC: number): number =>
  acceleration(ea / exponent, tempC, refTempC);

/** Constants of time-dependent dielectric breakdown: RAMP, ISCA 2004 (as in hplp/oldspot). X eV, Y eV·K, Z eV/K. */
export type Breakdown = {
  readonly a: number;
  readonly b: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
};

/** Logarithm of relative life under TDDB, MTTF ∝ V^(bT − a)·exp[(X + Y/T + ZT)/kT]: plain values would overflow. */
export function breakdownLogLife({ a, b, x, y, z }: Breakdown, volts: number, tempC: number): number {
  const t = kelvin(tempC);
  return (b * t - a) * Math.log(volts) + (x + y / t + z * t) / (BOLTZMANN_EV_K * t);
}

/** NBTI threshold shift, ΔV_th ∝ exp(Eaa/kT)·V^α·t^n, relative to another condition. Sub-linear in time: never summed. */
export const biasShiftRatio = (
  eaa: number,
  from: { readonly tempC: number; readonly volts?: number; readonly hours?: number },
  to: { readonly tempC: number; readonly volts?: number; readonly hours?: number },
  alpha = 9.5,
  n = 0.4,
): number =>
  acceleration(-eaa, from.tempC, to.tempC) *
  ((to.volts ?? 1) / (from.volts ?? 1)) ** alpha *
  ((to.hours ?? 1) / (from.hours ?? 1)) ** n;
