import { list, minuteOfDay } from '../core/settings.ts';
import type { TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { alertChannelIds, channelRow, type AlertChannelId } from './channels/channels.ts';
import { channelsSchema } from './channels/settings.ts';
import { alertRules, type AlertRule, type AlertRuleId } from './rules.ts';
import type { StoredAlert } from './schema.ts';

/** What a person changed about a rule. null or absent: as the rule has it. */
const ruleChange = ({ range }: Pick<AlertRule, 'range'>) =>
  z.object({
    on: z.boolean().nullable().optional(),
    /** in the unit of what the rule watches: °C, K, W, minutes, kWh, MiB */
    limit: (range ? z.number().min(range[0]).max(range[1]) : z.never()).nullable().optional(),
    holdS: z.int().min(0).max(86_400).nullable().optional(),
    /** its messages go to these channels alone, where they are on; null or absent: to every channel that takes its severity */
    channels: list(z.enum(alertChannelIds), alertChannelIds.length).nullable().optional(),
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
  /** name of this computer in messages; '': none */
  sender: z.string().max(60).default(''),
  channels: channelsSchema.default(channelsSchema.parse({})),
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

/** Whether a channel that is on sends messages about a rule. */
export function takes(
  id: AlertChannelId,
  { rule, severity }: Pick<StoredAlert, 'rule' | 'severity'>,
  settings: AlertSettings,
): boolean {
  const { on, from } = settings.channels[id];
  if (!on || !channelRow(id).alerts) return false;
  return settings.rules[rule]?.channels?.includes(id) ?? (from === 'warn' || severity === 'act');
}
