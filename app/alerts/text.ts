import { joined } from '../core/format.ts';
import type { Translate } from '../core/i18n.ts';
import { xidName } from '../health/xid.ts';
import type { Formatter } from '../metrics/format.ts';
import { isMetricKey, metricOf } from '../metrics/metrics.ts';
import { factOf, type FactUnit, type Watched } from './facts.ts';
import { alertRuleOf, type AlertRule } from './rules.ts';
import type { StoredAlert } from './schema.ts';

/** Sums of many ticks are not whole by the last digits: 30 min, not 30.0 min. */
function minutesText(format: Formatter, value: number): string {
  const tenths = Math.round(value * 10) / 10;
  return `${format.number(tenths, Number.isInteger(tenths) ? 0 : 1)} min`;
}

const factText: Readonly<Record<FactUnit, (format: Formatter, value: number) => string>> = {
  flag: (format, value) => format.number(value),
  xid: (_, value) => `Xid ${value}`,
  min: minutesText,
  '°C': (format, value) => joined(format.temperature(value)),
  K: (format, value) => joined(format.kelvins(value)),
  W: (format, value) => `${format.number(value)} W`,
  kWh: (format, value) => joined(format.energy(value * 3.6e6)),
  money: (format, value) => format.money(value),
  MiB: (format, value) => joined(format.bytes(value * 2 ** 20)),
  pages: (format, value) => format.number(value),
};

/** A value or limit with its unit: "93 °C", "310 W", "22.1 GiB", "Xid 79". */
export const watchedValue = (format: Formatter, watched: Watched, value: number): string =>
  isMetricKey(watched)
    ? joined(format.metric(metricOf(watched), value))
    : factText[factOf(watched)!.unit](format, value);

/** A difference of two values: degrees become kelvins, which no offset is added to. */
export const watchedDifference = (format: Formatter, watched: Watched, value: number): string => {
  const degrees = isMetricKey(watched) ? metricOf(watched).unit === '°C' : factOf(watched)!.unit === '°C';
  return degrees ? joined(format.kelvins(value)) : watchedValue(format, watched, value);
};

/** Whether a peak or limit of a rule says more than that it fired. */
export const hasLevel = (watched: Watched): boolean =>
  isMetricKey(watched) ? metricOf(watched).words === undefined : !['flag', 'xid'].includes(factOf(watched)!.unit);

/** A value, peak or limit of an alert, in the unit of what its rule watches. */
export const alertValue = (format: Formatter, { rule }: Pick<StoredAlert, 'rule'>, value: number): string =>
  watchedValue(format, alertRuleOf(rule).watches, value);

/** What it is about: "RTX 3090 (GPU 2)", "This computer". */
export function alertSubject(t: Translate, { gpuUuid, gpuName, gpuIndex }: Omit<StoredAlert, 'rule'>): string {
  if (gpuUuid === null) return t('alerts.machine');
  return gpuIndex === null ? gpuName : t('alerts.card', { name: gpuName, index: gpuIndex });
}

/** What is wrong, with the limit: "Core at its slowdown limit (93 °C)". */
export const alertTitle = (
  t: Translate,
  format: Formatter,
  alert: Pick<StoredAlert, 'rule' | 'threshold' | 'value'>,
): string => {
  const isXid = alertRuleOf(alert.rule).watches === 'criticalXid';
  return t(`alerts.rule.${alert.rule}.title`, {
    limit: alertValue(format, alert, alert.threshold),
    value: alertValue(format, alert, alert.value),
    name: isXid ? xidName(t, alert.value) : '',
  });
};

/** What to do about it. */
export const alertAdvice = (t: Translate, { rule }: Pick<StoredAlert, 'rule'>): string =>
  t(`alerts.rule.${rule}.advice`);

/** When a rule fires and when it clears, in one sentence each. */
export function ruleText(t: Translate, format: Formatter, rule: AlertRule): string {
  const { id, watches, condition, limit } = rule;
  const fires = t(`alerts.rule.${id}.condition`, {
    hold: format.duration(rule.holdMs),
    limit: typeof limit === 'number' ? watchedValue(format, watches, limit) : '',
  });
  if (!hasLevel(watches)) return fires;
  const hysteresis = watchedDifference(format, watches, rule.hysteresis);
  const clears =
    rule.clearMs === 0
      ? t(`alerts.clearsAtOnce.${condition}`, { hysteresis })
      : t(`alerts.clears.${condition}`, { hysteresis, clear: format.duration(rule.clearMs) });
  return `${fires} ${clears}`;
}
