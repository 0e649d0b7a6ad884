import type { TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import { severities } from '../rule-row.ts';
import { alertRuleIds } from '../rules.ts';

export const messageKinds = ['fired', 'cleared', 'test'] as const;

/**
 * What a channel sends: plain text, in the language of the recorder, without paths, user names or command lines. Times
 * are ms since 1970. It is stored as JSON until it is delivered, so a field is only ever added.
 */
export const alertMessage = z.object({
  /** the same at every attempt: a receiver recognises a message that arrives twice */
  id: z.string().min(1).max(100),
  /** the same for both messages of one episode, `fired` and `cleared` */
  episode: z.string().min(1).max(100),
  kind: z.enum(messageKinds),
  /** null: a test */
  rule: z.enum(alertRuleIds).nullable(),
  severity: z.enum(severities),
  /** when it happened, however late the message arrives */
  tsMs: z.number(),
  firedMs: z.number(),
  /** how long it lasted; null: it is not over */
  durationMs: z.number().nullable(),
  /** what it is about: "RTX 3090 (GPU 2)", "This computer" */
  subject: z.string(),
  /** what is wrong: "Core at its slowdown limit (93 °C)" */
  title: z.string(),
  /** what to do about it */
  advice: z.string(),
  /** one line for a place without a title: "RTX 3090 (GPU 2): Core at its slowdown limit (93 °C)" */
  headline: z.string(),
  /** the remaining lines: advice, time, duration, and a remark if the card is simulated */
  lines: z.array(z.string()),
  /** name of the card; null: it is about the machine */
  gpuName: z.string().nullable(),
  gpuIndex: z.int().nullable(),
  /** the card does not exist */
  simulated: z.boolean(),
});
export type AlertMessage = TypeOf<typeof alertMessage>;
