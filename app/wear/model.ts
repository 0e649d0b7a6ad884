/**
 * The constants of the wear model, each with its source (docs/wear-model.md). Results of different versions are never
 * compared: raise MODEL_VERSION with any change to a constant or an equation.
 */
export const MODEL_VERSION = '1';

/**
 * Reference profile REF-65, at which every family's rate is 1: powered continuously at 65 °C core. Arbitrary and printed
 * in every export; only ratios to it mean anything.
 */
export const REFERENCE = { name: 'REF-65', coreTempC: 65 } as const;

/**
 * Family M1, silicon, thermal. Activation energies in eV: 0.7 is the middle (AMD UG116, Microchip's mission-profile
 * example), 0.5–0.9 the span seen for silicon mechanisms (TI TMS320C40: 0.5; electromigration in copper: 0.9).
 */
export const SILICON = {
  mid: 0.7,
  grid: [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9],
} as const;

/** Temperature swings below this are sensor noise: no damage (IEC TR 62380 sets ΔT < 3 °C to zero). */
export const CYCLE_GATE_K = 3;

/** The sentence that must stand beside every modelled number. */
export const disclaimer = (coveragePct: string): string =>
  `Estimated stress exposure relative to reference profile ${REFERENCE.name}, model v${MODEL_VERSION}. This is an estimate ` +
  `computed from temperature and power readings. It is not a measured lifetime, not a percentage of life used, not a ` +
  `remaining-life prediction and not a failure probability. Voltage-driven wear, hot-spot temperature and manufacturing ` +
  `defects are not visible to this tool. Coverage: ${coveragePct} % of the period.`;
