import type { TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';

export const coolingLevels = ['ok', 'watch', 'act'] as const;
export type CoolingLevel = (typeof coolingLevels)[number];

/** A measured value with its 95 % confidence interval. */
export const interval = z.object({ value: z.number(), low: z.number(), high: z.number() });
export type Interval = TypeOf<typeof interval>;

const period = z.object({ fromMs: z.number(), toMs: z.number(), windows: z.int(), days: z.int() });

/** One week of a trend. */
const coolingPoint = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  /** R relative to the baseline */
  ratio: interval,
  /** R at the baseline's fan speed, K/W */
  resistance: interval,
  /** T = a + R·P over all windows of the week: a, °C, and how much warmer than a the idle card is, K */
  effectiveAirC: z.number().optional(),
  idleOffsetK: z.number().optional(),
});
export type CoolingPoint = TypeOf<typeof coolingPoint>;

export const coolingTrend = z.object({
  level: z.enum(coolingLevels),
  ratio: interval,
  baseline: period,
  recent: period,
  /** how much hotter than in its baseline the card runs at this power */
  hotter: z.object({ powerW: z.number(), kelvins: interval }),
  weeks: z.array(coolingPoint),
  /** days until the slowdown limit at the current trend; undefined where the interval is too wide or nothing rises */
  daysToSlowdown: z.object({ low: z.number(), high: z.number() }).optional(),
});
export type CoolingTrend = TypeOf<typeof coolingTrend>;

/** Why there is no trend yet. */
export const noTrend = z.object({
  missing: z.enum(['load-windows', 'idle-windows', 'recent-windows']),
  found: z.number(),
  needed: z.number(),
});
export type NoTrend = TypeOf<typeof noTrend>;
