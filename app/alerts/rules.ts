import type { MetricKey } from '../metrics/metrics.ts';

export const severities = ['warn', 'act'] as const;
export type Severity = (typeof severities)[number];

/** The limits that a card reports, as far as it reports them. */
export type Limits = (key: 'tempMaxC' | 'tempSlowdownC') => number | undefined;

/**
 * A rule compares a reading with a limit that the card itself reports: cards differ by 30 °C in what they bear, so a
 * fixed number would cry wolf on one and sleep on another. A card that does not report the limit cannot break the rule.
 */
export type AlertRule = {
  readonly id: 'core-near-slowdown' | 'core-at-slowdown';
  readonly severity: Severity;
  readonly value: MetricKey;
  readonly limit: (limits: Limits) => number | undefined;
  /** the reading must stay at or above the limit this long */
  readonly holdMs: number;
  /** it ends when the reading has stayed this far below the limit … */
  readonly hysteresis: number;
  /** … for this long */
  readonly clearMs: number;
};

/**
 * Laptop parts report a "maximum operating temperature" far below the slowdown limit (75 against 102 °C on an RTX 3060
 * Laptop) and work above it every day, so it only counts where it lies this close to the limit.
 */
const NEAR_K = 5;

export const alertRules: readonly AlertRule[] = [
  {
    id: 'core-near-slowdown',
    severity: 'warn',
    value: 'coreTempC',
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
    value: 'coreTempC',
    limit: (limits) => limits('tempSlowdownC'),
    holdMs: 5_000,
    hysteresis: 3,
    clearMs: 30_000,
  },
];
