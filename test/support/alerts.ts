import { alertRules, alertRuleOf, type AlertRule, type AlertRuleId } from '../../app/alerts/rules.ts';
import type { AlertEntry } from '../../app/alerts/episode.ts';
import type { Seen, Subject, Watched } from '../../app/alerts/facts.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';

export const ruleNamed = (id: AlertRuleId): AlertRule => alertRuleOf(id);
export const rulesNamed = (...ids: readonly AlertRuleId[]): AlertRule[] =>
  alertRules.filter(({ id }) => ids.includes(id));

/** A card, or with `gpuUuid` null the machine, of which some values and limits are known. */
export const subjectWith = (
  seen: Partial<Record<Watched, Seen>>,
  limits: Partial<Record<MetricKey, number>> = {},
  gpuUuid: string | null = 'GPU-1',
): Subject => ({ gpuUuid, gpuName: 'Card', read: (watched) => seen[watched], limit: (key) => limits[key] });

/** An entry of an alert that begins, with usual values. */
export const firedEntry = (rule: AlertRuleId, tsMs: number, gpuUuid: string | null = 'GPU-1'): AlertEntry => ({
  kind: 'fired',
  gpuUuid,
  rule,
  tsMs,
  gpuName: gpuUuid === null ? '' : 'Card',
  gpuIndex: gpuUuid === null ? null : 0,
  severity: alertRuleOf(rule).severity,
  value: 95,
  threshold: 90,
  peak: 95,
});
