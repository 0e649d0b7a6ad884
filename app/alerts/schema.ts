import { z } from '../core/zod.ts';
import { alertRuleIds, severities } from './rules.ts';

/** An alert as it is kept and shown. Values are in the unit of what its rule watches; times are ms since 1970. */
export const storedAlert = z.object({
  id: z.int(),
  gpuUuid: z.string(),
  gpuName: z.string(),
  rule: z.enum(alertRuleIds),
  severity: z.enum(severities),
  firedMs: z.number(),
  /** null: it is still firing */
  clearedMs: z.number().nullable(),
  /** the reading when it fired, and the limit then */
  value: z.number(),
  threshold: z.number(),
  /** the reading farthest beyond the limit */
  peak: z.number(),
});
export type StoredAlert = Readonly<z.infer<typeof storedAlert>>;
