import { z } from '../../core/zod.ts';
import type { Plain } from '../../core/schema.ts';

/** Minutes after midnight, local time. */
const minuteOfDay = z.int().min(0).max(1440);

/** Price of one kWh, in whatever currency: the limits are generous. Below 0: whoever uses electricity is paid for it. */
export const pricePerKwh = z.number().min(-100).max(100);

/** A price at certain hours of certain days, local time. */
export const tariffBand = z.object({
  days: z.enum(['all', 'weekdays', 'weekend']),
  /** `fromMin` after `toMin` spans midnight; equal values mean the whole day */
  fromMin: minuteOfDay,
  toMin: minuteOfDay,
  pricePerKwh,
});
export type TariffBand = Plain<z.infer<typeof tariffBand>>;

/** The most bands that a tariff may have. */
export const MOST_TARIFF_BANDS = 24;

/** Two bounds between which the true value lies. */
export const valueRange = z.object({ low: z.number(), high: z.number() });
export type Range = Plain<z.infer<typeof valueRange>>;

/** J used within a time that begins at `fromMs`. Any tariff can price it later. */
export const energySlot = z.object({
  fromMs: z.number(),
  /** how long, ms; absent: a quarter of an hour */
  ms: z.number().optional(),
  energyJ: z.number(),
});
export type EnergySlot = Plain<z.infer<typeof energySlot>>;

/** Why energy comes from where it does, where a card's counter and its power readings contradict each other. */
export const energyWhys = ['counter-stuck', 'counter-impossible', 'power-stuck', 'undecided'] as const;
export type EnergyWhy = (typeof energyWhys)[number];

/** Time of a session that no reading covers, and J that the card may have used in it at most. */
export const unseenEnergy = z.object({ ms: z.number(), energyJ: z.number() });
