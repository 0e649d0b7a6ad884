import { minuteOfDay } from '../core/settings.ts';
import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import type { Tariff } from '../workload/energy/tariff.ts';

/** The user's limits, and what the governor may do to keep them. Everything is off by default. */
const governorSchema = z.object({
  enabled: z.boolean().default(false),
  /** steady core temperature, °C */
  coreTempC: z.number().min(40).max(100).nullable().default(null),
  /** power budget of a card, W */
  powerW: z.number().min(30).max(3000).nullable().default(null),
  /** equivalent hours at the reference per day, family M1 */
  stressHoursPerDay: z.number().min(0.01).max(1000).nullable().default(null),
  /** work waits while electricity costs more than this per kWh */
  pricePerKwh: z.number().min(0).max(100).nullable().default(null),
  quietHours: z.object({ fromMin: minuteOfDay, toMin: minuteOfDay }).nullable().default(null),
  /** may pause the user's own generating processes between outputs, and resume them */
  mayHold: z.boolean().default(false),
  /** may step the power limit, if permission is given */
  maySetLimit: z.boolean().default(false),
});
export type GovernorLimits = TypeOf<typeof governorSchema>;

export const governorSettings = { governor: governorSchema.default(governorSchema.parse({})) };

/** What the governor needs of the settings. */
export type GovernorSettings = Tariff & { readonly governor: GovernorLimits };
