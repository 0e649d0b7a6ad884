/**
 * Arrhenius acceleration: how much faster a thermally activated mechanism runs at one temperature than at another.
 * Form: JEDEC dictionary, "acceleration factor, temperature" (JEP122E, JEP143B, JESD74A). Valid for one dominant
 * mechanism over the range; the activation energy Ea is unknown for a given card, so results carry bands (model.ts).
 */

/** Boltzmann constant, eV/K (CODATA 2018). */
export const BOLTZMANN_EV_K = 8.617333262e-5;
export const ZERO_CELSIUS_K = 273.15;

export const kelvin = (celsius: number): number => celsius + ZERO_CELSIUS_K;
export const celsius = (kelvins: number): number => kelvins - ZERO_CELSIUS_K;

/**
 * AF = exp[(Ea/k)·(1/T_from − 1/T_to)]: the rate at `toC` relative to the rate at `fromC`.
 * @param ea activation energy, eV
 */
export const acceleration = (ea: number, fromC: number, toC: number): number =>
  Math.exp((ea / BOLTZMANN_EV_K) * (1 / kelvin(fromC) - 1 / kelvin(toC)));

/** One stretch of a mission profile: hours at a constant temperature, and at a core voltage where that is known. */
export type ProfileStep = { readonly hours: number; readonly tempC: number; readonly volts?: number };

/**
 * Voltage factor on life, exp[γ·(V_ref − V)] (exponential model; γ = 10 /V reproduces the Microchip mission-profile
 * example). GPUs do not report their core voltage, so the wear model cannot use it: see docs/wear-model.md.
 */
export const voltageLifeFactor = (gamma: number, refVolts: number, volts: number): number =>
  Math.exp(gamma * (refVolts - volts));

/** Hours at the reference that do what each step does: h·AF(ref → T)·(1 / voltage life factor). */
export const equivalentHours = (
  ea: number,
  refC: number,
  profile: readonly ProfileStep[],
  voltage?: { readonly gamma: number; readonly refVolts: number },
): number[] =>
  profile.map(({ hours, tempC, volts }) => {
    const thermal = hours * acceleration(ea, refC, tempC);
    return voltage && volts !== undefined
      ? thermal / voltageLifeFactor(voltage.gamma, voltage.refVolts, volts)
      : thermal;
  });

/**
 * The constant temperature that does the same as a profile: T_eff = −(Ea/k) / ln[Σ h·exp(−Ea/kT) / Σ h], °C.
 * With Ea/k = 10,000 K this is the mean kinetic temperature of pharmacopoeias (do not use that constant for silicon).
 */
export function effectiveTemperature(ea: number, profile: readonly ProfileStep[]): number {
  const theta = ea / BOLTZMANN_EV_K;
  const hours = profile.reduce((sum, step) => sum + step.hours, 0);
  // relative to the first step, so that neither the exponentials nor the logarithm leave the range of doubles
  const firstK = kelvin(profile[0]!.tempC);
  const mean =
    profile.reduce((sum, step) => sum + step.hours * acceleration(ea, profile[0]!.tempC, step.tempC), 0) / hours;
  return celsius(theta / (theta / firstK - Math.log(mean)));
}
