import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { alertRuleIds } from './rules.ts';
import { alertSettings } from './settings.ts';

/** A rule with the settings to try, which need not be saved. */
export const previewRequest = z.strictObject({
  rule: z.enum(alertRuleIds),
  settings: alertSettings.alerts.unwrap().pick({ rules: true }),
});

/** Why a rule cannot be checked against the history. */
export const noPreviews = ['notStored', 'noLimit', 'noPrice', 'nothing'] as const;

/** How often a rule would have fired, over all cards. */
export const alertPreview = z.object({
  fired: z.int(),
  fromMs: z.number(),
  toMs: z.number(),
  /** observed time of all cards together, ms */
  observedMs: z.number(),
  /** null: the figures hold */
  missing: z.enum(noPreviews).nullable(),
});
export type AlertPreview = TypeOf<typeof alertPreview>;
