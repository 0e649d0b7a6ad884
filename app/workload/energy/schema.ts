import { z } from '../../core/zod.ts';
import type { Immutable } from '../../core/immutable.ts';

/** Minutes after midnight, local time. */
const minuteOfDay = z.int().min(0).max(1440);

/** Price of one kWh, in whatever currency: the limit is generous. */
export const pricePerKwh = z.number().min(0).max(100);

/** A price at certain hours of certain days, local time. */
export const tariffBand = z.object({
  days: z.enum(['all', 'weekdays', 'weekend']),
  /** `fromMin` after `toMin` spans midnight; equal values mean the whole day */
  fromMin: minuteOfDay,
  toMin: minuteOfDay,
  pricePerKwh,
});
export type TariffBand = Immutable<z.infer<typeof tariffBand>>;

/** The most bands that a tariff may have. */
export const MOST_TARIFF_BANDS = 24;

/** Two bounds between which the true value lies. */
export const valueRange = z.object({ low: z.number(), high: z.number() });
export type Range = Immutable<z.infer<typeof valueRange>>;

/** J used within one quarter of an hour, which begins at `fromMs`. Any tariff can price it later. */
export const energySlot = z.object({ fromMs: z.number(), energyJ: z.number() });
export type EnergySlot = Immutable<z.infer<typeof energySlot>>;
