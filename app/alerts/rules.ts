import { cardRules } from './card-rules.ts';
import { machineRules } from './machine-rules.ts';
import type { AlertRuleRow, Limits } from './rule-row.ts';

export type { AlertRuleRow, Limits } from './rule-row.ts';

const rows = [...machineRules, ...cardRules] as const;

export type AlertRuleId = (typeof rows)[number]['id'];
export type AlertRule = AlertRuleRow & { readonly id: AlertRuleId };

/** All alert rules. A rule that covers others stands before them. */
export const alertRules: readonly AlertRule[] = rows;

const byId = new Map<string, AlertRule>(alertRules.map((rule) => [rule.id, rule]));

export const alertRuleIds = rows.map(({ id }) => id);
export const isAlertRuleId = (id: string): id is AlertRuleId => byId.has(id);
export const alertRuleOf = (id: AlertRuleId): AlertRule => byId.get(id)!;

/** The limit of a rule on one card, in the unit of what it watches; undefined: the card does not report it. */
export const limitOf = ({ limit }: Pick<AlertRule, 'limit'>, limits: Limits): number | undefined =>
  typeof limit === 'number' ? limit : limit(limits);

/** Whether two alerts have one cause, and the first one names it. */
export const covers = (rule: Pick<AlertRule, 'covers' | 'id'>, other: AlertRuleId): boolean =>
  rule.id !== other && (rule.covers === 'all' || (rule.covers?.includes(other) ?? false));
