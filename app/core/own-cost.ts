import type { TypeOf } from './schema.ts';
import { z } from './zod.ts';

/** What recording itself costs. Averages are over the last minute. */
export const ownCost = z.object({
  /** CPU time of the collector, in percent of one core */
  cpuPct: z.number(),
  rssBytes: z.number(),
  /** time in the driver per tick, ms */
  readMs: z.number(),
  /** CPU time of the collector per tick, ms: reading, writing, judging */
  cpuMsATick: z.number(),
  /** samples written since the start */
  kept: z.int(),
  /** moments of the grid without a sample, or whose sample could not be written */
  lost: z.int(),
  /** time between samples now, ms */
  intervalMs: z.number(),
});
export type OwnCost = TypeOf<typeof ownCost>;
