import { priceAt, withinHours, type Tariff } from '../workload/energy/tariff.ts';
import { createCapController, type CapChange } from './limit-controller.ts';
import type { GovernorLimits } from './settings.ts';

export type { GovernorEntry } from './schema.ts';

/** One card at one moment, as the governor sees it. */
export type Situation = {
  readonly tsMs: number;
  /** monotonic */
  readonly tMs: number;
  readonly tempC: number | undefined;
  readonly powerW: number | undefined;
  /** equivalent hours of today so far; undefined: not modelled */
  readonly stressHours: number | undefined;
  /** least and own cap of the card, W; undefined: the card does not tell, so none is set */
  readonly capRange: { readonly minW: number; readonly ownW: number } | undefined;
};

export const limitKeys = ['temperature', 'power', 'stress', 'price', 'quiet'] as const;
export type LimitKey = (typeof limitKeys)[number];

/** What the governor says that it did or saw. `left`: a cap may still be changed, as only a helper with rights can restore it */
export const governorActions = [
  'passed',
  'held',
  'not-held',
  'let-go',
  'capped',
  'released',
  'refused',
  'undone',
  'left',
] as const;
export type GovernorAction = (typeof governorActions)[number];

/** What is to be so now; doing it is the executor's. */
export type Decision = {
  /** limits that are passed now: told to the person in any case */
  readonly passed: readonly LimitKey[];
  /** work is to wait, because of this */
  readonly hold: LimitKey | undefined;
  /** the power cap to be in force; undefined: the card's own */
  readonly capW: number | undefined;
  /** a change of the cap made now, and why */
  readonly changed: { readonly capW: number; readonly why: CapChange['why'] | LimitKey } | undefined;
};

/** Passed for this long before it counts: a spike is not a state. */
const PATIENCE_MS = 30_000;
/** Held work goes on below the limit by this much, and not before this long: stop-and-go is wear too. */
const COOL_K = 8;
const LEAST_HOLD_MS = 300_000;

/**
 * Decides for one card. The mildest means that is allowed and that can hold the limit: for temperature a steady cap
 * before a pause; for power a cap; for stress, price and quiet hours a pause, since only not working holds them. Without
 * any means it tells, and leaves the card alone.
 */
export function createPolicy(limits: GovernorLimits, tariff: Tariff) {
  let controller: ReturnType<typeof createCapController> | undefined;
  let overSince: number | undefined;
  let heldSince: number | undefined;
  let capNow: number | undefined;

  function tooHot({ tempC, tMs }: Situation): boolean {
    if (limits.coreTempC === null || tempC === undefined) return false;
    if (heldSince !== undefined) return tempC > limits.coreTempC - COOL_K || tMs - heldSince < LEAST_HOLD_MS;
    if (tempC <= limits.coreTempC + 1) overSince = undefined;
    else overSince ??= tMs;
    return overSince !== undefined && tMs - overSince >= PATIENCE_MS;
  }

  function passedLimits(situation: Situation, hot: boolean): LimitKey[] {
    const { tsMs, powerW, stressHours } = situation;
    const price = priceAt(tsMs, tariff);
    const { quietHours } = limits;
    const passed: LimitKey[] = [];
    if (hot) passed.push('temperature');
    if (limits.powerW !== null && powerW !== undefined && powerW > limits.powerW * 1.03) passed.push('power');
    if (limits.stressHoursPerDay !== null && stressHours !== undefined && stressHours >= limits.stressHoursPerDay)
      passed.push('stress');
    if (limits.pricePerKwh !== null && price !== undefined && price > limits.pricePerKwh) passed.push('price');
    if (quietHours && withinHours(tsMs, quietHours.fromMin, quietHours.toMin)) passed.push('quiet');
    return passed;
  }

  /** The cap that temperature and power ask for together. */
  function capFor({ tMs, tempC, powerW, capRange }: Situation): Decision['changed'] | 'none' {
    if (!limits.mayCap || !capRange) return 'none';
    const ceilingW = Math.min(capRange.ownW, Math.max(capRange.minW, limits.powerW ?? Infinity));
    if (limits.coreTempC === null) {
      return ceilingW < capRange.ownW ? { capW: Math.round(ceilingW), why: 'power' } : 'none';
    }
    controller ??= createCapController({ targetC: limits.coreTempC, minW: capRange.minW, maxW: ceilingW });
    const change = tempC === undefined || powerW === undefined ? undefined : controller.feed({ tMs, tempC, powerW });
    if (change) return change;
    const capW = controller.capW();
    return capW < capRange.ownW ? { capW, why: 'power' } : 'none';
  }

  return {
    decide(situation: Situation): Decision {
      const cap = capFor(situation);
      const hot = tooHot(situation);
      const passed = passedLimits(situation, hot);
      const capsHeat = limits.mayCap && situation.capRange !== undefined;
      const holding = passed.filter((key) => key !== 'power' && !(key === 'temperature' && capsHeat));
      const hold = limits.mayHold ? holding[0] : undefined;
      if (hold === undefined) heldSince = undefined;
      else heldSince ??= situation.tMs;
      const capW = cap === 'none' ? undefined : cap?.capW;
      const changed = cap !== 'none' && cap && capW !== capNow ? cap : undefined;
      capNow = capW;
      return { passed, hold, capW, changed };
    },
    /** What was set is undone: begin anew. */
    reset(): void {
      controller?.reset();
      capNow = undefined;
      heldSince = undefined;
      overSince = undefined;
    },
  };
}
