import { list, minuteOfDay } from '../core/settings.ts';
import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { adapterIds, workloadKinds } from './programs/generators.ts';

/** an electricity price per kWh; generous, in any currency */
const price = z.number().min(0).max(100);

/** A time-of-use price, local time. If periods overlap, the first one applies; it overrides `pricePerKwh`. */
const tariffBand = z.object({
  days: z.enum(['all', 'weekdays', 'weekend']),
  /** minutes after midnight: 22:00 to 06:00 spans midnight; equal ones are the whole day */
  fromMin: minuteOfDay,
  toMin: minuteOfDay,
  pricePerKwh: price,
});
export type TariffBand = TypeOf<typeof tariffBand>;

/** A user's own rule: this text, anywhere in the command line or folder, identifies the program. */
const programRule = z.object({
  contains: z.string().min(1).max(200),
  name: z.string().min(1).max(80),
  kind: z.enum(workloadKinds),
  adapter: z.enum(adapterIds).optional(),
});
export type UserRule = TypeOf<typeof programRule>;

export const workloadSettings = {
  /** electricity price per kWh in `currency`; null: not set, no cost is shown */
  pricePerKwh: price.nullable().default(null),
  /** prices by time of use; `pricePerKwh` applies outside them */
  tariff: list(tariffBand, 24).default([]),
  /** g of CO2 per kWh, the user's own figure for their electricity; null: not shown */
  co2GramsPerKwh: z.number().min(0).max(3000).nullable().default(null),
  /** the user's own rules for recognising programs, tried before the built-in ones */
  programs: list(programRule, 100).default([]),
};
