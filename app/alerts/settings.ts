import { minuteOfDay } from '../core/settings.ts';
import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { alertRules, type AlertRule, type AlertRuleId } from './rules.ts';

/** What a person changed about a rule. null or absent: as the rule has it. */
const ruleChange = ({ range }: Pick<AlertRule, 'range'>) =>
  z.object({
    on: z.boolean().nullable().optional(),
    /** in the unit of what the rule watches: °C, K, W, minutes, kWh, MiB */
    limit: (range ? z.number().min(range[0]).max(range[1]) : z.never()).nullable().optional(),
    holdS: z.int().min(0).max(86_400).nullable().optional(),
  });

const rulesSchema = z.object(
  Object.fromEntries(alertRules.map((rule) => [rule.id, ruleChange(rule).optional()])) as Record<
    AlertRuleId,
    z.ZodOptional<ReturnType<typeof ruleChange>>
  >,
);

const alertsSchema = z.object({
  /** warnings wait for their end; messages of critical alerts do not */
  quietHours: z.object({ fromMin: minuteOfDay, toMin: minuteOfDay }).nullable().default(null),
  /** messages of warnings wait until this time, ms since 1970; those of critical alerts do not */
  pausedUntilMs: z.number().nullable().default(null),
  rules: rulesSchema.default({}),
});
export type AlertSettings = TypeOf<typeof alertsSchema>;

export const alertSettings = {
  /** show a desktop notification for each alert */
  notifications: z.boolean().default(true),
  /** which alerts make the system play its sound for notifications */
  alertSound: z.enum(['off', 'critical', 'all']).default('critical'),
  alerts: alertsSchema.default(alertsSchema.parse({})),
};

/** A rule as a person wants it. */
export function ruleWith(rule: AlertRule, { rules }: Pick<AlertSettings, 'rules'>): AlertRule & { isOn: boolean } {
  const { on, limit, holdS } = rules[rule.id] ?? {};
  return {
    ...rule,
    isOn: on ?? rule.on ?? true,
    limit: limit ?? rule.limit,
    holdMs: holdS === undefined || holdS === null ? rule.holdMs : holdS * 1000,
  };
}

/** The rules that are on, as a person wants them. */
export const rulesOn = (settings: Pick<AlertSettings, 'rules'>): readonly AlertRule[] =>
  alertRules.map((rule) => ruleWith(rule, settings)).filter(({ isOn }) => isOn);
