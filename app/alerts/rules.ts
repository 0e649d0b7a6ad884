import type { MetricKey } from '../metrics.ts';

export const severities = ['warn', 'act'] as const;
export type Severity = (typeof severities)[number];

/**
 * A rule compares a reading with a limit that the card itself reports: cards differ by 30 °C in what they bear, so a
 * fixed number would cry wolf on one and sleep on another. A card that does not report the limit cannot break the rule.
 */
export type AlertRule = {
  readonly id: 'core-over-max' | 'core-at-slowdown';
  readonly severity: Severity;
  readonly value: MetricKey;
  readonly limit: MetricKey;
  /** the reading must stay at or above the limit this long */
  readonly holdMs: number;
  /** it ends when the reading has stayed this far below the limit … */
  readonly hysteresis: number;
  /** … for this long */
  readonly clearMs: number;
};

export const alertRules: readonly AlertRule[] = [
  {
    id: 'core-over-max',
    severity: 'warn',
    value: 'coreTempC',
    limit: 'tempMaxC',
    holdMs: 30_000,
    hysteresis: 3,
    clearMs: 30_000,
  },
  {
    id: 'core-at-slowdown',
    severity: 'act',
    value: 'coreTempC',
    limit: 'tempSlowdownC',
    holdMs: 5_000,
    hysteresis: 3,
    clearMs: 30_000,
  },
];
