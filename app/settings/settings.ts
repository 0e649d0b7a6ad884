import { alertSettings } from '../alerts/settings.ts';
import { coreSettings } from '../core/settings.ts';
import { z } from '../core/zod.ts';
import { governorSettings } from '../governor/settings.ts';
import { historySettings } from '../history/settings.ts';
import { telemetrySettings } from '../telemetry/settings.ts';
import { workloadSettings } from '../workload/settings.ts';
import { windowSettings } from './window.ts';

/** Every field has a default, so that a file from an older version can be read. */
type Slice = Readonly<Record<string, z.ZodDefault>>;

/** The settings, slice by slice as the domains declare them. A new slice is added here and to `settingsSchema`. */
export const settingsSlices = {
  telemetry: telemetrySettings,
  core: coreSettings,
  workload: workloadSettings,
  history: historySettings,
  governor: governorSettings,
  alerts: alertSettings,
  window: windowSettings,
} satisfies Record<string, Slice>;

export const settingsSchema = z.object({
  ...settingsSlices.telemetry,
  ...settingsSlices.core,
  ...settingsSlices.workload,
  ...settingsSlices.history,
  ...settingsSlices.governor,
  ...settingsSlices.alerts,
  ...settingsSlices.window,
});
export type Settings = z.infer<typeof settingsSchema>;

/** The same fields without their defaults, none of them required: a field that a change does not name stays as it is. */
export const settingsChange: z.ZodType<Partial<Settings>> = z
  .strictObject(
    Object.fromEntries(Object.entries<z.ZodDefault>(settingsSchema.shape).map(([key, field]) => [key, field.unwrap()])),
  )
  .partial();

export const defaultSettings: Settings = settingsSchema.parse({});
