/**
 * The constants of the wear model, each with its source (docs/wear-model.md). Results of different versions are never
 * compared: raise MODEL_VERSION with any change to a constant or an equation.
 */
export const MODEL_VERSION = '3';

/**
 * Reference profile REF-65, at which every family's rate is 1: powered continuously at 65 °C core, at 60 % of the default
 * power limit, two swings a day of 25 K up to 65 °C that last 2 h or more (two a day follows the reference condition of
 * FIDES), the fan's air at 40 °C and the fan commanded to half speed. Arbitrary and printed in every export; only ratios
 * to it mean anything.
 */
export const REFERENCE = {
  name: 'REF-65',
  coreTempC: 65,
  powerShare: 0.6,
  cyclesPerDay: 2,
  rangeK: 25,
  maxTempC: 65,
  dwellHours: 2,
  memTempC: 65,
  airTempC: 40,
  fanPct: 50,
} as const;

/**
 * Family M1, silicon, thermal. Activation energies in eV: 0.7 is the middle (AMD UG116, Microchip's mission-profile
 * example), 0.5–0.9 the span seen for silicon mechanisms (TI TMS320C40: 0.5; electromigration in copper: 0.9). The grid
 * is scanned because the lowest result of a mixed profile may lie inside it.
 */
export const SILICON = {
  mid: 0.7,
  grid: [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9],
} as const;

/**
 * Family M2, electromigration proxy: Black's equation with power in the place of current density, which no driver
 * reports. n from 1 (RAMP-style use: 1.1) to 2 (Black; Tu & Gusak, J. Appl. Phys. 2019), Ea from 0.8 eV (hplp/oldspot) to
 * 1.0 eV around the 0.9 eV of copper (JEP122H as cited by OpenROAD). An alternative view of M1, never added to it.
 */
export const ELECTROMIGRATION = {
  mid: { exponent: 1.5, ea: 0.9 },
  exponents: [1, 1.5, 2],
  energies: [0.8, 0.9, 1.0],
} as const;

export type SolderSet = {
  readonly name: string;
  readonly rangeExponent: number;
  readonly dwellExponent: number;
  /** activation temperature Ea/k, K */
  readonly activationK: number;
};

/**
 * Family M3, solder fatigue: named sets vary jointly, never mixed. S1 is eutectic SnPb (FIDES 2022 / NRPM handbook), S2
 * SAC305 (Pan et al.), S3 the exponent of FIDES for cases and packages with S1's other terms.
 */
export const SOLDER: readonly SolderSet[] = [
  { name: 'S1 SnPb (FIDES)', rangeExponent: 1.9, dwellExponent: 1 / 3, activationK: 1414 },
  { name: 'S2 SAC305 (Pan)', rangeExponent: 2.65, dwellExponent: 0.136, activationK: 2185 },
  { name: 'S3 steep (FIDES package)', rangeExponent: 4, dwellExponent: 1 / 3, activationK: 1414 },
];
export const SOLDER_MID = 1;

/** Temperature swings below this are sensor noise: no damage (IEC TR 62380 sets ΔT < 3 °C to zero). */
export const CYCLE_GATE_K = 3;

/**
 * Family M4, board capacitors: life halves every 10 K (Illinois Capacitor, TDK, COSEL), or falls tenfold every 20 K as
 * polymer parts are commonly rated. Both run through the whole history.
 */
export const CAPACITORS = [
  { name: '2 each 10 K', factor: 2, perK: 10 },
  { name: '10 each 20 K (polymer)', factor: 10, perK: 20 },
] as const;

/**
 * Family M5, fan: grease ages by F for each 10 K of the air (1.323 from 40,000 h at 60 °C and 70,000 h at 40 °C; 1.5
 * JAMICON; 1.587 Sanyo Denki 9RA), times commanded speed to the power s, which no standard fixes: 0 or 1. The air's
 * temperature is not measured in a desktop: see `FAN_AIR_C`.
 */
export const FAN = { mid: { factor: 1.5, exponent: 0 }, factors: [1.323, 1.5, 1.587], exponents: [0, 1] } as const;

/** Air at the fan where the card's own readings give no better estimate: a warm room, ±10 K. Our assumption. */
export const FAN_AIR_C = { low: 30, mid: 40, high: 50 } as const;

/**
 * When a swing down is inferred across time that was not observed: at least half an hour (a card has then cooled), and
 * the energy counter restarted; without a counter, the first reading after it is 45 °C or less. The model then assumes
 * that the card cooled to room temperature. Ours, not a standard: results are shown without and with these cycles.
 */
export const POWER_OFF = { minMs: 30 * 60_000, coldC: 45, roomC: 25 } as const;
