import { z } from '../core/zod.ts';
import { severities } from './rule-row.ts';
import { alertRuleIds } from './rules.ts';

/**
 * An alert as it is kept and shown: one episode, from firing until it is over. Values are in the unit of what its rule
 * watches; times are ms since 1970.
 */
export const storedAlert = z.object({
  id: z.int(),
  /** null: it is about the machine */
  gpuUuid: z.string().nullable(),
  /** '' for the machine */
  gpuName: z.string(),
  /** the number that the driver gives the card */
  gpuIndex: z.int().nullable(),
  rule: z.enum(alertRuleIds),
  severity: z.enum(severities),
  firedMs: z.number(),
  /** null: it is still firing */
  clearedMs: z.number().nullable(),
  /** the value when it fired, and the limit then */
  value: z.number(),
  threshold: z.number(),
  /** the value farthest beyond the limit */
  peak: z.number(),
  /** when its one message was sent; null: not yet, or never */
  toldMs: z.number().nullable(),
  acknowledgedMs: z.number().nullable(),
  snoozedUntilMs: z.number().nullable(),
});
export type StoredAlert = Readonly<z.infer<typeof storedAlert>>;

/** Names an alert that is firing: a rule fires at most once at a time on a card. */
export const alertName = z.strictObject({ gpuUuid: z.string().nullable(), rule: z.enum(alertRuleIds) });
export type AlertName = Readonly<z.infer<typeof alertName>>;
