import type { MetricKey } from '../metrics/metrics.ts';
import type { Watched } from './facts.ts';

export const severities = ['warn', 'act'] as const;
export type Severity = (typeof severities)[number];

/** The newest limits that the card has reported; undefined: it has not reported this one. */
export type Limits = (key: MetricKey) => number | undefined;

export type AlertRuleRow = {
  /** stored with every alert, and the name of the rule's texts (`alerts.rule.ID` in locales/): never reused */
  readonly id: string;
  readonly severity: Severity;
  /** a metric or a fact (facts.ts) */
  readonly watches: Watched;
  /** the value is a problem at the limit and beyond it, in this direction */
  readonly condition: 'at-least' | 'at-most';
  /** in the unit of what it watches; undefined: the rule does not apply to this card */
  readonly limit: number | ((limits: Limits) => number | undefined);
  /** a person may set a limit within this range; absent: there is nothing to choose */
  readonly range?: readonly [least: number, most: number];
  /** fires when the value has been beyond the limit for this long */
  readonly holdMs: number;
  /** clears when the value has stayed this far on the safe side of the limit … */
  readonly hysteresis: number;
  /** … for this long; longer while it keeps coming back */
  readonly clearMs: number;
  /** false: off until a person switches it on */
  readonly on?: false;
  /**
   * Rules that have the same cause: while this one is close to firing or fires, they do not fire on the same card. Those of
   * the machine cover rules of every card.
   */
  readonly covers?: 'all' | readonly string[];
};

const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;

/** Fires at 1 and clears at 0. */
export const flag = { condition: 'at-least', limit: 1, hysteresis: 1 } as const;
