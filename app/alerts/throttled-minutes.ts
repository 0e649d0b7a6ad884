import type { Frame } from '../metrics/frame.ts';
import { orNone } from '../metrics/observed.ts';
import type { NamedReason } from '../metrics/throttle-reasons.ts';
import { createThrottleMeter, throttleReadings } from '../metrics/throttled.ts';
import { facts, type Seen } from './facts.ts';
import { createSlidingSum } from './sliding-sum.ts';

/** The facts that look back on throttling, each with its reason. */
const reasons = {
  hwThermalMin: 'HwThermalSlowdown',
  swThermalMin: 'SwThermalSlowdown',
  powerBrakeMin: 'HwPowerBrakeSlowdown',
} as const satisfies Partial<Record<keyof typeof facts, NamedReason>>;
export type ThrottledFact = keyof typeof reasons;
const ids = Object.keys(reasons) as ThrottledFact[];

/** Minutes of throttling within the window of each fact, for one card. */
export function createThrottledMinutes() {
  const meter = createThrottleMeter(ids.map((id) => reasons[id]));
  const sums = ids.map((id) => createSlidingSum(facts[id].windowMs));
  const known = ids.map(() => false);
  return {
    take(frame: Frame, dtMs: number | undefined, axisMs: number): void {
      throttleReadings.forEach((key, i) => (meter.next[i] = orNone(frame, key)));
      meter.step(dtMs ?? Number.NaN).forEach((us, i) => {
        known[i] = !Number.isNaN(us);
        if (known[i]) sums[i]!.add(axisMs, us / 60e6);
      });
    },
    /** undefined: it is not known whether the card is throttled */
    minutes(id: ThrottledFact, axisMs: number): Seen {
      const i = ids.indexOf(id);
      return known[i] ? sums[i]!.sum(axisMs) : undefined;
    },
  };
}
