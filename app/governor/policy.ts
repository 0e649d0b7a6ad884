import { priceAt, withinHours, type Tariff } from '../workload/energy/tariff.ts';
import { createLimitController, type LimitChange } from './limit-controller.ts';
import type { GovernorLimits } from './settings.ts';

export type { GovernorEntry } from './schema.ts';

/** One card at one moment. */
export type Situation = {
  readonly tsMs: number;
  /** monotonic */
  readonly tMs: number;
  readonly tempC: number | undefined;
  readonly powerW: number | undefined;
  /** equivalent hours of today so far; undefined: not modelled */
  readonly stressHours: number | undefined;
  /** lowest limit that the card accepts and its own one, W; undefined: not reported, so none is set */
  readonly limitRange: { readonly minW: number; readonly ownW: number } | undefined;
};

export const limitKeys = ['temperature', 'power', 'stress', 'price', 'quiet'] as const;
export type LimitKey = (typeof limitKeys)[number];

/** Governor actions. `left`: a power limit may still be changed, because only a helper with permission can restore it. */
export const governorActions = [
  'passed',
  'held',
  'not-held',
  'resumed',
  'limited',
  'released',
  'refused',
  'undone',
  'left',
] as const;

/** Desired state; the governor applies it. */
export type Decision = {
  /** limits that are exceeded now: always reported to the user */
  readonly passed: readonly LimitKey[];
  /** why work should pause; undefined: it may run */
  readonly hold: LimitKey | undefined;
  /** the power limit that should be in force; undefined: the card's own */
  readonly limitW: number | undefined;
  /** a change of the power limit made now, and why */
  readonly changed: { readonly limitW: number; readonly why: LimitChange['why'] | LimitKey } | undefined;
};

/** A temperature limit must be exceeded for this long: a spike is not a reason to pause work. */
const PATIENCE_MS = 30_000;
/** Paused work resumes this far below the limit, and not sooner than this: stop-and-go is wear too. */
const COOL_K = 8;
/** Readings this far above the temperature limit, or by this factor above the power limit, are noise. */
const HEAT_MARGIN_K = 1;
const POWER_TOLERANCE = 1.03;
const LEAST_HOLD_MS = 300_000;

/**
 * Decides for one card, by the mildest permitted means that can keep the limit: for temperature a steady power limit before
 * a pause; for power a power limit; for stress, price and quiet hours a pause, since only idling helps. Without any
 * permitted means it only reports.
 */
export function createPolicy(limits: GovernorLimits, tariff: Tariff) {
  let controller: ReturnType<typeof createLimitController> | undefined;
  let overSince: number | undefined;
  let heldSince: number | undefined;
  let limitNowW: number | undefined;

  function tooHot({ tempC, tMs }: Situation): boolean {
    if (limits.coreTempC === null || tempC === undefined) return false;
    if (heldSince !== undefined) {
      overSince = undefined;
      return tempC > limits.coreTempC - COOL_K || tMs - heldSince < LEAST_HOLD_MS;
    }
    if (tempC <= limits.coreTempC + HEAT_MARGIN_K) overSince = undefined;
    else overSince ??= tMs;
    return overSince !== undefined && tMs - overSince >= PATIENCE_MS;
  }

  function passedLimits(situation: Situation, hot: boolean): LimitKey[] {
    const { tsMs, powerW, stressHours } = situation;
    const price = priceAt(tsMs, tariff);
    const { quietHours } = limits;
    const passed: LimitKey[] = [];
    if (hot) passed.push('temperature');
    if (limits.powerW !== null && powerW !== undefined && powerW > limits.powerW * POWER_TOLERANCE)
      passed.push('power');
    if (limits.stressHoursPerDay !== null && stressHours !== undefined && stressHours >= limits.stressHoursPerDay)
      passed.push('stress');
    if (limits.pricePerKwh !== null && price !== undefined && price > limits.pricePerKwh) passed.push('price');
    if (quietHours && withinHours(tsMs, quietHours.fromMin, quietHours.toMin)) passed.push('quiet');
    return passed;
  }

  /** The power limit that temperature and power need together; undefined: none. */
  function limitFor({ tMs, tempC, powerW, limitRange }: Situation): Decision['changed'] {
    if (!limits.maySetLimit || !limitRange) return undefined;
    const ceilingW = Math.min(limitRange.ownW, Math.max(limitRange.minW, limits.powerW ?? Infinity));
    if (limits.coreTempC === null) {
      return ceilingW < limitRange.ownW ? { limitW: Math.round(ceilingW), why: 'power' } : undefined;
    }
    controller ??= createLimitController({ targetC: limits.coreTempC, minW: limitRange.minW, maxW: ceilingW });
    const change = tempC === undefined || powerW === undefined ? undefined : controller.feed({ tMs, tempC, powerW });
    if (change) return change;
    const limitW = controller.limitW();
    return limitW < limitRange.ownW ? { limitW, why: 'power' } : undefined;
  }

  return {
    decide(situation: Situation): Decision {
      const wanted = limitFor(situation);
      const hot = tooHot(situation);
      const passed = passedLimits(situation, hot);
      const limitsHeat = limits.maySetLimit && situation.limitRange !== undefined;
      const holding = passed.filter((key) => key !== 'power' && !(key === 'temperature' && limitsHeat));
      const hold = limits.mayHold ? holding[0] : undefined;
      if (hold !== 'temperature')
        heldSince = undefined; // a pause for another limit does not make the card hot
      else heldSince ??= situation.tMs;
      const limitW = wanted?.limitW;
      const changed = limitW !== limitNowW ? wanted : undefined;
      limitNowW = limitW;
      return { passed, hold, limitW, changed };
    },
    /** Everything was undone: start from the card's own limit. */
    reset(): void {
      controller?.reset();
      limitNowW = undefined;
      heldSince = undefined;
      overSince = undefined;
    },
  };
}

export type Policy = ReturnType<typeof createPolicy>;
