import type { TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import { throttledTimes } from '../../metrics/schema.ts';

/** What a card has been through, as measured. Nothing in it is modelled. */
export const odometer = z.object({
  sinceMs: z.number().optional(),
  observedHours: z.number(),
  /** observed ÷ time since the first sample */
  coverage: z.number(),
  energyJ: z.number().optional(),
  energyFrom: z.enum(['counter', 'power']).optional(),
  /** swings below 10 K, below 30 K, and larger */
  cycles: z.object({ small: z.number(), medium: z.number(), large: z.number() }),
  /** hours at or above 70, 80 and 90 °C */
  hoursAbove: z.object({ c70: z.number(), c80: z.number(), c90: z.number() }),
  throttled: throttledTimes,
  events: z.int(),
});
export type Odometer = TypeOf<typeof odometer>;
