import * as z from 'zod';
import { historyCapMb, retentionDays } from '../history/retention/limits.ts';
import { MOST_TARIFF_BANDS, pricePerKwh, tariffBand } from '../workload/energy/schema.ts';
import { MOST_PROGRAM_RULES, programRule } from '../workload/programs/schema.ts';
import { governorSchema } from '../governor/limits.ts';

/** zod's own `readonly` freezes what it is given before it is known to be an array, and throws at a typed one. */
const list = <T extends z.ZodType>(of: T, most: number): z.ZodType<readonly z.infer<T>[], readonly z.input<T>[]> =>
  z.array(of).max(most);

/** What a person can set. Each field has a default, so a file from an older version still reads. */
export const settingsSchema = z.object({
  /** time between samples, ms */
  intervalMs: z.int().min(100).max(5000).default(1000),
  /** measure PCIe traffic too: the driver blocks for 20 ms a direction and card */
  pcieThroughput: z.boolean().default(false),
  temperatureUnit: z.enum(['C', 'F']).default('C'),
  theme: z.enum(['system', 'dark', 'light']).default('system'),
  /** price of electricity a kWh in `currency`; null: not set, no cost is shown */
  pricePerKwh: pricePerKwh.nullable().default(null),
  /** prices by the hour; without any, the plain price holds */
  tariff: list(tariffBand, MOST_TARIFF_BANDS).default([]),
  /** g of CO2 a kWh, by the person's own figure for their electricity; null: not shown */
  co2GramsPerKwh: z.number().min(0).max(3000).nullable().default(null),
  /** own rules for programs that load the card, tried before the built-in ones */
  programs: list(programRule, MOST_PROGRAM_RULES).default([]),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('EUR'),
  retentionDays: retentionDays.default(365),
  historyCapMb: historyCapMb.default(4000),
  /** let Chromium draw with the GPU: it then holds the device open and keeps the card awake */
  gpuCompositing: z.boolean().default(false),
  /** what the governor may hold; off until a person turns it on */
  governor: governorSchema.default(governorSchema.parse({})),
  notifications: z.boolean().default(true),
  /** closing the window leaves Slowburn recording in the tray */
  closeToTray: z.boolean().default(true),
});

export type Settings = z.infer<typeof settingsSchema>;

/**
 * Some of them changed. Without the defaults, which belong to a file that does not say: in a change, what is not named
 * would be set back to them.
 */
export const settingsChange: z.ZodType<Partial<Settings>> = z
  .strictObject(
    Object.fromEntries(
      Object.entries(settingsSchema.shape).map(([key, field]) => [
        key,
        field instanceof z.ZodDefault ? field.unwrap() : field,
      ]),
    ),
  )
  .partial();

export const defaultSettings: Settings = settingsSchema.parse({});
