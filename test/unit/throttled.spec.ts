import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createThrottledSum } from '../../app/metrics/throttled.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { frameWith } from '../support/frames.ts';

type Readings = Partial<Record<MetricKey, number>>;
type Sample = readonly [readings: Readings, dtMs: number | undefined];

function sumOf(...samples: readonly Sample[]) {
  const sum = createThrottledSum();
  for (const [readings, dtMs] of samples) sum.add(frameWith(readings), dtMs);
  return sum.result();
}
/** Two samples a second apart. */
const interval = (before: Readings, now: Readings) => sumOf([before, undefined], [now, 1000]);
const ms = (before: Readings, now: Readings) =>
  Object.fromEntries(Object.entries(interval(before, now)).map(([cause, { ms }]) => [cause, ms]));

const silent = { 'power-brake': 0, setting: 0, unclear: 0 };

describe('throttled time', () => {
  const cases: readonly (readonly [name: string, before: Readings, now: Readings, expected: Record<string, number>])[] =
    [
      [
        'is the growth of a counter, whatever the reasons say',
        { throttleReasons: 4, throttledSwPowerUs: 7 },
        { throttleReasons: 0, throttledSwPowerUs: 250_007 },
        { ...silent, 'power-cap': 250, heat: 0 },
      ],
      [
        'is 0 where a counter stands still, although a reason is set',
        { throttleReasons: 4, throttledSwPowerUs: 7 },
        { throttleReasons: 4, throttledSwPowerUs: 7 },
        { ...silent, 'power-cap': 0, heat: 0 },
      ],
      [
        'comes from the reasons where the counter was reset, not from the counter',
        { throttleReasons: 4, throttledSwPowerUs: 9e9 },
        { throttleReasons: 4, throttledSwPowerUs: 400_000 },
        { ...silent, 'power-cap': 1000, heat: 0 },
      ],
      ['is not known across a reset without reasons', { throttledSwPowerUs: 9e9 }, { throttledSwPowerUs: 400_000 }, {}],
      [
        'comes from the reasons where the counter has no value at one end',
        { throttleReasons: 4 },
        { throttleReasons: 4, throttledSwPowerUs: 9e9 },
        { ...silent, 'power-cap': 1000, heat: 0 },
      ],
      [
        'by the reasons, belongs half to each end',
        { throttleReasons: 0 },
        { throttleReasons: 0x24 },
        { ...silent, 'power-cap': 500, heat: 500 },
      ],
      ['is not known where the reasons have a value at one end only', {}, { throttleReasons: 4 }, {}],
      [
        'by the counters of heat, is their sum while that fits into the interval',
        { throttleReasons: 0, throttledSwThermalUs: 0, throttledHwThermalUs: 0 },
        { throttleReasons: 0, throttledSwThermalUs: 600_000, throttledHwThermalUs: 400_000 },
        { ...silent, 'power-cap': 0, heat: 1000 },
      ],
      [
        'by counters of heat that overlap, is no longer than the interval',
        { throttleReasons: 0, throttledSwThermalUs: 0, throttledHwThermalUs: 0 },
        { throttleReasons: 0, throttledSwThermalUs: 900_000, throttledHwThermalUs: 900_000 },
        { ...silent, 'power-cap': 0, heat: 1000 },
      ],
      [
        'by one counter that was read a little later than the clock, is what it says',
        { throttleReasons: 0, throttledSwPowerUs: 0 },
        { throttleReasons: 0, throttledSwPowerUs: 1_003_000 },
        { ...silent, 'power-cap': 1003, heat: 0 },
      ],
      [
        'of heat with one counter, takes the other reason from the mask',
        { throttleReasons: 0x40, throttledSwThermalUs: 0 },
        { throttleReasons: 0x40, throttledSwThermalUs: 100_000 },
        { ...silent, 'power-cap': 0, heat: 1000 },
      ],
      [
        'of heat with one counter and no mask, is what that counter says',
        { throttledSwThermalUs: 0 },
        { throttledSwThermalUs: 100_000 },
        { heat: 100 },
      ],
      [
        'by two reasons of heat at one end, counts that end once',
        { throttleReasons: 0x60 },
        { throttleReasons: 0 },
        { ...silent, 'power-cap': 0, heat: 500 },
      ],
      [
        'by a hardware slowdown without a named cause, is unclear and never heat',
        { throttleReasons: 8 },
        { throttleReasons: 8 },
        { ...silent, 'power-cap': 0, heat: 0, unclear: 1000 },
      ],
      [
        'of an idle card is none',
        { throttleReasons: 1 },
        { throttleReasons: 1 },
        { ...silent, 'power-cap': 0, heat: 0 },
      ],
      [
        'by sync boost is that of its counter, beside the settings without one',
        { throttleReasons: 2, throttledSyncBoostUs: 0 },
        { throttleReasons: 0, throttledSyncBoostUs: 200_000 },
        { ...silent, 'power-cap': 0, heat: 0, setting: 700 },
      ],
    ];
  it.each(cases)('%s', (_name, before, now, expected) => expect(ms(before, now)).toEqual(expected));

  it('is not counted across a gap, by counters neither', () => {
    const on = (us: number) => ({ throttleReasons: 4, throttledSwPowerUs: us });
    expect(sumOf([on(0), 1000], [on(5e6), undefined], [on(5.5e6), 1000])).toMatchObject({
      'power-cap': { ms: 500, knownMs: 1000 },
    });
  });

  it('is never longer than the time for which it is known, unless a counter says so', () => {
    const us = fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined });
    const step = fc.record({
      mask: fc.option(fc.integer({ min: 0, max: 0x1ff }), { nil: undefined }),
      grown: fc.tuple(us, us, us, us, us),
      dtMs: fc.option(fc.constant(1000), { nil: undefined, freq: 8 }),
    });
    const keys = [
      'throttledSwPowerUs',
      'throttledSyncBoostUs',
      'throttledSwThermalUs',
      'throttledHwThermalUs',
      'throttledPowerBrakeUs',
    ] as const;
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const totals = [0, 0, 0, 0, 0];
        const result = sumOf(
          ...steps.map(({ mask, grown, dtMs }): Sample => {
            const counters = grown.flatMap((by, k) => {
              totals[k]! += by ?? 1e6;
              return by === undefined ? [] : [[keys[k]!, totals[k]!] as const];
            });
            return [{ ...(mask !== undefined && { throttleReasons: mask }), ...Object.fromEntries(counters) }, dtMs];
          }),
        );
        for (const { ms, knownMs } of Object.values(result)) expect(ms).toBeLessThanOrEqual(knownMs);
      }),
    );
  });
});
