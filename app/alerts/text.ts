import { joined } from '../core/format.ts';
import type { Translate } from '../core/i18n.ts';
import type { Formatter } from '../metrics/format.ts';
import { metricOf } from '../metrics/metrics.ts';
import { alertRuleOf, type AlertRule, type Watched } from './rules.ts';
import type { StoredAlert } from './schema.ts';

/** A reading or limit with its unit: "93 °C", "310 W", "22.1 GiB", "Xid 79". */
export const watchedValue = (format: Formatter, watched: Watched, value: number): string =>
  watched === 'xid' ? `Xid ${value}` : joined(format.metric(metricOf(watched), value));

/** A difference of two readings: degrees become kelvins, which no offset is added to. */
const watchedDifference = (format: Formatter, watched: Watched, value: number): string =>
  watched !== 'xid' && metricOf(watched).unit === '°C'
    ? joined(format.kelvins(value, metricOf(watched).digits))
    : watchedValue(format, watched, value);

/** A reading, peak or limit of an alert, in the unit of what its rule watches. */
export const alertValue = (format: Formatter, { rule }: Pick<StoredAlert, 'rule'>, value: number): string =>
  watchedValue(format, alertRuleOf(rule).metric, value);

/** What is wrong, with the limit: "Core at its slowdown limit (93 °C)". */
export const alertTitle = (t: Translate, format: Formatter, alert: Pick<StoredAlert, 'rule' | 'threshold'>): string =>
  t(`alerts.rule.${alert.rule}.title`, { limit: alertValue(format, alert, alert.threshold) });

/** What to do about it. */
export const alertAdvice = (t: Translate, { rule }: Pick<StoredAlert, 'rule'>): string =>
  t(`alerts.rule.${rule}.advice`);

/** When a rule fires and when it clears, in one sentence. */
export function ruleText(t: Translate, format: Formatter, { id, metric, condition, ...rule }: AlertRule): string {
  const fires = t(`alerts.rule.${id}.condition`, { hold: format.duration(rule.holdMs) });
  const clears = t(`alerts.clears.${condition}`, {
    hysteresis: watchedDifference(format, metric, rule.hysteresis),
    clear: format.duration(rule.clearMs),
  });
  return `${fires} ${clears}`;
}
