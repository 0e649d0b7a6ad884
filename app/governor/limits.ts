import * as z from 'zod';
import type { Tariff } from '../workload/energy/tariff.ts';

const minuteOfDay = z.int().min(0).max(1440);

/** What a person lets the governor hold, and by which means. Everything is off until they turn it on. */
export const governorSchema = z.object({
  enabled: z.boolean().default(false),
  /** steady core temperature, °C */
  coreTempC: z.number().min(40).max(100).nullable().default(null),
  /** power budget of a card, W */
  powerW: z.number().min(30).max(3000).nullable().default(null),
  /** equivalent hours at the reference a day, family M1 */
  stressHoursPerDay: z.number().min(0.01).max(1000).nullable().default(null),
  /** electricity above this price a kWh waits */
  pricePerKwh: z.number().min(0).max(100).nullable().default(null),
  /** minutes after midnight, local time */
  quietHours: z.object({ fromMin: minuteOfDay, toMin: minuteOfDay }).nullable().default(null),
  /** may stop a person's own generating processes between outputs, and let them go on */
  mayHold: z.boolean().default(false),
  /** may step the power cap, where rights are given */
  mayCap: z.boolean().default(false),
});
export type GovernorLimits = z.infer<typeof governorSchema>;

/** What the governor needs of the settings. */
export type GovernorSettings = Tariff & { readonly governor: GovernorLimits };
