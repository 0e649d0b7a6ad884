import * as z from 'zod';

/** What a person can set. Each field has a default, so a file from an older version still reads. */
export const settingsSchema = z.object({
  /** time between samples, ms */
  intervalMs: z.int().min(100).max(5000).default(1000),
  /** measure PCIe traffic too: the driver blocks for 20 ms a direction and card */
  pcieThroughput: z.boolean().default(false),
  temperatureUnit: z.enum(['C', 'F']).default('C'),
  theme: z.enum(['system', 'dark', 'light']).default('system'),
  /** price of electricity a kWh in `currency`; null: not set, no cost is shown */
  pricePerKwh: z.number().min(0).max(100).nullable().default(null),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('EUR'),
  /** days that samples are kept at full resolution; minute roll-ups are kept for ever */
  retentionDays: z.int().min(1).max(3650).default(30),
  /** let Chromium draw with the GPU: it then holds the device open and keeps the card awake */
  gpuCompositing: z.boolean().default(false),
  notifications: z.boolean().default(true),
  /** closing the window leaves Slowburn recording in the tray */
  closeToTray: z.boolean().default(true),
});

export type Settings = z.infer<typeof settingsSchema>;

export const defaultSettings: Settings = settingsSchema.parse({});
