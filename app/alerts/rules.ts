import type { MetricKey } from '../metrics/metrics.ts';

export const severities = ['warn', 'act'] as const;
export type Severity = (typeof severities)[number];

/** What a rule watches: a metric, or the number of an Xid error. */
export type Watched = MetricKey | 'xid';

/** The newest limits that the card has reported; undefined: it has not reported this one. */
export type Limits = (key: MetricKey) => number | undefined;

export type AlertRuleRow = {
  /** stored with every alert, and the name of the rule's texts (`alerts.rule.ID` in locales/): never reused */
  readonly id: string;
  readonly severity: Severity;
  readonly metric: Watched;
  /** the reading is a problem at the limit and beyond it, in this direction */
  readonly condition: 'at-least' | 'at-most';
  /** in the unit of the metric; undefined: the rule does not apply to this card */
  readonly limit: (limits: Limits) => number | undefined;
  /** fires when the reading has been beyond the limit for this long */
  readonly holdMs: number;
  /** clears when the reading has stayed this far on the safe side of the limit … */
  readonly hysteresis: number;
  /** … for this long */
  readonly clearMs: number;
};

/**
 * Laptop cards report a "maximum operating temperature" far below the slowdown limit (75 against 102 °C on an RTX 3060
 * Laptop) and work above it every day, so it only counts where it lies this close to the slowdown limit.
 */
const NEAR_K = 5;

/**
 * All alert rules. A new rule is a row here and its texts in `alerts.rule` of each language.
 *
 * A rule compares a reading with a limit that the card itself reports: cards differ by 30 °C in what they tolerate, so a
 * fixed number would alert too early on one card and too late on another.
 */
export const alertRules = [
  {
    id: 'core-near-slowdown',
    severity: 'warn',
    metric: 'coreTempC',
    condition: 'at-least',
    limit(limits) {
      const [max, slowdown] = [limits('tempMaxC'), limits('tempSlowdownC')];
      return slowdown === undefined ? max : Math.max(slowdown - NEAR_K, Math.min(max ?? -Infinity, slowdown));
    },
    holdMs: 30_000,
    hysteresis: 3,
    clearMs: 30_000,
  },
  {
    id: 'core-at-slowdown',
    severity: 'act',
    metric: 'coreTempC',
    condition: 'at-least',
    limit: (limits) => limits('tempSlowdownC'),
    holdMs: 5_000,
    hysteresis: 3,
    clearMs: 30_000,
  },
] as const satisfies readonly AlertRuleRow[];

export type AlertRuleId = (typeof alertRules)[number]['id'];
export type AlertRule = AlertRuleRow & { readonly id: AlertRuleId };

const byId = new Map<string, AlertRule>(alertRules.map((rule) => [rule.id, rule]));

export const alertRuleIds = alertRules.map(({ id }) => id);
export const isAlertRuleId = (id: string): id is AlertRuleId => byId.has(id);
export const alertRuleOf = (id: AlertRuleId): AlertRule => byId.get(id)!;
