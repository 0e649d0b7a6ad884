import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { coolingTrend, interval, noTrend } from '../wear/cooling/trend-schema.ts';
import { band, exposure } from '../wear/exposure-schema.ts';
import { mark } from '../wear/ledger/ledger-schema.ts';
import { odometer } from '../wear/ledger/odometer-schema.ts';
import { healthReport } from './health-schema.ts';

/** Everything that the wear page shows of one card: facts, trend, modelled exposure. */
export const cardPage = z.object({
  odometer,
  health: healthReport,
  cooling: z.union([z.object({ trend: coolingTrend }), z.object({ missing: noTrend })]),
  /** the newest cleaning or replacement of the thermal paste: the trend begins after it */
  sinceMark: mark.optional(),
  /** R in the weeks after that mark relative to the weeks before it; undefined where either has too little data */
  beforeAfter: interval.optional(),
  marks: z.array(mark),
  exposure: exposure.optional(),
  limitW: z.number().optional(),
  days: z.array(z.object({ dayMs: z.number(), hours: z.number(), silicon: band })),
  /** hours that an older model version computed: the odometer includes them, the model does not */
  olderHours: z.number(),
  /** 0–1 while the history is recomputed with a new model version */
  replaying: z.number().optional(),
});
export type CardPage = TypeOf<typeof cardPage>;
