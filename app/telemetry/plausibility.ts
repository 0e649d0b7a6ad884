import { metricIndex, type MetricKey } from '../metrics/metrics.ts';
import { hasValue, setAbsent, valueOf, type Frame } from '../metrics/frame.ts';

/**
 * Finds readings that are in range and still cannot be true. They become `implausible`, so they never enter energy or
 * wear. One instance per GPU, fed with its frames in order.
 */
export type Plausibility = {
  /** Marks what cannot be true in `frame`. @param monoMs time of the frame by the monotonic clock */
  readonly check: (frame: Frame, monoMs: number) => void;
};

const POWER_KEYS = ['powerW', 'powerAverageW', 'powerInstantW'] as const satisfies readonly MetricKey[];

// A sensor that works never shows the same hundredth of a watt while the die warms: heat has a cause. Idle cards do hold
// a value for seconds, and a room warms by a degree or two, so both bounds are well above that. Seen in public records of
// training runs whose power column stands still while the card warms by 28 K.
const FROZEN_MS = 10_000;
const FROZEN_SAMPLES = 10;
const FROZEN_RISE_K = 4;
const SAME_W = 0.005;

// A driver reports 0 where a board has no such sensor (seen on Jetson): no die is at exactly 0 °C beside a driver that
// answers, and no GPU that answers draws exactly 0 W.
const NEVER_ZERO = ['coreTempC', 'memTempC', ...POWER_KEYS] as const satisfies readonly MetricKey[];

/** A counter that would need more than this was misread: the largest modules are near 1,400 W. */
const MOST_W = 3000;
const SLACK_MJ = 1e6;

type Frozen = { value: number; sinceMs: number; samples: number; lowestC: number; judged: boolean };

export function createPlausibility(): Plausibility {
  const frozen = new Map<MetricKey, Frozen>();
  let energy: { readonly mj: number; readonly atMs: number } | undefined;

  function checkPower(frame: Frame, key: MetricKey, monoMs: number): void {
    const value = valueOf(frame, key);
    if (value === undefined) return; // absent for a moment: the earlier samples still count
    const tempC = valueOf(frame, 'coreTempC');
    let run = frozen.get(key);
    if (!run || Math.abs(run.value - value) >= SAME_W) {
      run = { value, sinceMs: monoMs, samples: 0, lowestC: Infinity, judged: false };
      frozen.set(key, run);
    }
    run.samples++;
    if (tempC !== undefined) {
      run.lowestC = Math.min(run.lowestC, tempC);
      run.judged ||=
        run.samples >= FROZEN_SAMPLES && monoMs - run.sinceMs >= FROZEN_MS && tempC - run.lowestC >= FROZEN_RISE_K;
    }
    if (run.judged) setAbsent(frame, key, 'implausible');
  }

  function checkEnergy(frame: Frame, monoMs: number): void {
    const mj = valueOf(frame, 'energyMj');
    if (mj === undefined) return;
    const before = energy;
    energy = { mj, atMs: monoMs };
    // a decrease is a reset of the counter and no fault; a jump is a misread
    if (before && mj - before.mj > MOST_W * (monoMs - before.atMs) + SLACK_MJ) {
      setAbsent(frame, 'energyMj', 'implausible');
    }
  }

  return {
    check(frame, monoMs) {
      for (const key of NEVER_ZERO) if (valueOf(frame, key) === 0) setAbsent(frame, key, 'implausible');
      for (const key of POWER_KEYS) if (hasValue(frame, metricIndex[key])) checkPower(frame, key, monoMs);
      checkEnergy(frame, monoMs);
      const used = valueOf(frame, 'vramUsedBytes');
      const total = valueOf(frame, 'vramTotalBytes');
      if (used !== undefined && total !== undefined && used > total) setAbsent(frame, 'vramUsedBytes', 'implausible');
    },
  };
}
