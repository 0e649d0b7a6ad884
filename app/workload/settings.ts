import { list } from '../core/settings.ts';
import { z } from '../core/zod.ts';
import { MOST_TARIFF_BANDS, pricePerKwh, tariffBand } from './energy/schema.ts';
import { MOST_PROGRAM_RULES, programRule } from './programs/schema.ts';

export const workloadSettings = {
  /** electricity price per kWh in `currency`; null: not set, no cost is shown */
  pricePerKwh: pricePerKwh.nullable().default(null),
  /** prices by time of use; `pricePerKwh` applies outside them */
  tariff: list(tariffBand, MOST_TARIFF_BANDS).default([]),
  /** added to each imported price, per kWh in `currency`: grid fees, levies, margin */
  marketSurchargePerKwh: pricePerKwh.default(0),
  /** per cent on imported prices and the surcharge */
  marketTaxPct: z.number().min(0).max(100).default(0),
  /** g of CO2 per kWh, the user's own figure for their electricity; null: not shown */
  co2GramsPerKwh: z.number().min(0).max(3000).nullable().default(null),
  /** the user's own rules for recognising programs, tried before the built-in ones */
  programs: list(programRule, MOST_PROGRAM_RULES).default([]),
};
