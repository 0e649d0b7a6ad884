// What bounds a session's energy where a part of it was not seen, and which source is named when one was rejected.
import { describe, expect, it } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import type { Absence } from '../../app/core/reading.ts';
import type { ShareSpan } from '../../app/workload/energy/shares.ts';
import { createSessionEnergy } from '../../app/workload/energy/session-energy.ts';
import { frameWith } from '../support/frames.ts';

type Step = readonly [tsMs: number, readings: Partial<Record<MetricKey, number | Absence>>];

/** A session from one moment to the last sample. */
function energyOf(fromMs: number, steps: readonly Step[], shares: readonly ShareSpan[] = []) {
  const ends = { fromMs, toMs: steps.at(-1)![0] };
  const { add, result } = createSessionEnergy(ends, 1000, () => shares, false);
  steps.forEach(([tsMs, readings], i) =>
    add({ tsMs, dtMs: i === 0 ? undefined : tsMs - steps[i - 1]![0], frame: frameWith(readings) }),
  );
  return result();
}

describe('energy of a card without a power limit', () => {
  it('was at most the highest power of its counter in time that was not seen', () => {
    const [energyMj, limited] = [1e6, { powerLimitW: 250 }];
    const steps = [
      [0, { energyMj }],
      [1000, { energyMj: energyMj + 300_000 }],
      [2000, { energyMj: energyMj + 400_000 }],
    ] as const;
    expect(energyOf(-5000, steps)!.unseen).toEqual({ ms: 5000, energyJ: 1500 });
    const known = steps.map(([tsMs, readings]) => [tsMs, { ...readings, ...limited }] as const);
    expect(energyOf(-5000, known)!.unseen).toEqual({ ms: 5000, energyJ: 1250 }); // its limit is known
  });

  it('is not raised by two readings that are closer than the counter is exact', () => {
    const unseen = energyOf(-1000, [
      [0, { energyMj: 0 }],
      [50, { energyMj: 20_000 }],
      [1050, { energyMj: 120_000 }],
    ])!.unseen;
    expect(unseen).toEqual({ ms: 1000, energyJ: 200 });
  });

  it('was at most its highest power where it has no counter', () => {
    const unseen = energyOf(-2000, [
      [0, { powerW: 100 }],
      [1000, { powerW: 300 }],
      [2000, { powerW: 200 }],
    ])!.unseen;
    expect(unseen).toEqual({ ms: 2000, energyJ: 600 });
  });
});

describe('energy by power', () => {
  const load = [
    [0, { powerW: 100 }],
    [5000, { powerW: 300 }],
    [10_000, { powerW: 100 }],
    [15_000, { powerW: 300 }],
  ] as const;

  it('has a range of which a session with half the card has half', () => {
    const whole = energyOf(0, load)!;
    const half = energyOf(0, load, [{ fromMs: 0, toMs: 15_000, share: 0.5 }])!;
    expect(half.sum.ownJ).toBeCloseTo(whole.sum.ownJ / 2, 9);
    expect(half.rangeJ.low).toBeCloseTo(whole.rangeJ.low / 2, 9);
    expect(half.rangeJ.high).toBeCloseTo(whole.rangeJ.high / 2, 9);
    expect(whole.rangeJ.high).toBeGreaterThan(whole.sum.ownJ / 0.95 + 1); // it is not the sensor's error alone
  });

  it('of a card at 0 W is 0 J, with a range of 0', () => {
    const none = energyOf(0, [
      [0, { powerW: 0 }],
      [1000, { powerW: 0 }],
    ])!;
    expect([none.sum.ownJ, none.rangeJ.low, none.rangeJ.high]).toEqual([0, 0, 0]);
  });

  it('of a session between two samples may be anything up to the limit', () => {
    const ends = { fromMs: 1000, toMs: 2000 };
    const { add, result } = createSessionEnergy(ends, 1000, () => [], false);
    for (const tsMs of [0, 5000])
      add({ tsMs, dtMs: tsMs || undefined, frame: frameWith({ powerW: 100, powerLimitW: 400 }) });
    const { rangeJ, unseen, sum } = result()!;
    expect(sum.ownJ).toBeCloseTo(100, 9);
    expect(unseen!.ms).toBe(1000);
    expect(unseen!.energyJ).toBeCloseTo(300, 9);
    expect(rangeJ.low).toBe(0);
    expect(rangeJ.high).toBeGreaterThanOrEqual(400);
  });
});

describe('a source that was rejected', () => {
  const counter = (i: number) => ({ energyMj: i * 200_000 });
  const steps = (of: (i: number) => Step[1]): Step[] => Array.from({ length: 4 }, (_, i) => [i * 1000, of(i)]);

  it('is the counter, where it was impossible', () => {
    const found = energyOf(
      0,
      steps(() => ({ powerW: 200, energyMj: 'implausible' })),
    )!;
    expect([found.from, found.why]).toEqual(['power', 'counter-impossible']);
  });

  it('is power, where it was impossible', () => {
    const found = energyOf(
      0,
      steps((i) => ({ ...counter(i), powerW: 'implausible' })),
    )!;
    expect([found.from, found.why]).toEqual(['counter', 'power-stuck']);
  });

  it('is none, where a card only has no such sensor', () => {
    for (const [readings, from] of [
      [(i: number) => ({ ...counter(i), powerW: 'unsupported' as const }), 'counter'],
      [() => ({ powerW: 200, energyMj: 'unsupported' as const }), 'power'],
      [(i: number) => ({ ...counter(i), powerW: 200 }), 'counter'],
    ] as const) {
      const found = energyOf(0, steps(readings))!;
      expect([found.from, found.why]).toEqual([from, undefined]);
    }
  });
});
