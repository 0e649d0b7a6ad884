/** Life of fans and capacitors, by their manufacturers' rules. Sources are in model.ts. */

/** Hours at `tempC` of a part that lasts `refHours` at `refTempC` and ages by `factor` for every `perK` kelvins. */
export const lifeAt = (refHours: number, refTempC: number, tempC: number, factor: number, perK = 10): number =>
  refHours / factor ** ((tempC - refTempC) / perK);

/** How much faster such a part ages at `tempC` than at `refTempC`. */
export const agingRate = (refTempC: number, tempC: number, factor: number, perK = 10): number =>
  factor ** ((tempC - refTempC) / perK);

/** The factor per 10 K that follows from two lives at two temperatures. */
export const factorPer10K = (hours1: number, temp1C: number, hours2: number, temp2C: number): number =>
  (hours2 / hours1) ** (10 / (temp1C - temp2C));

/**
 * Hours that n fans must run without failure to show a mean life (Weibull of slope 1.1, JAMICON's support page):
 * 1.036·MTTF·(χ/n)^0.91 / AF.
 */
export const fanTestHours = (mttfHours: number, chi: number, fans: number, exponent: number, af: number): number =>
  (1.036 * mttfHours * (chi / fans) ** exponent) / af;
