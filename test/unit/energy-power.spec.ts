// Power that is integrated, number by number, and what a sensor's average covers.
import { describe, expect, it } from 'vitest';
import {
  burstReadings,
  counterEnergy,
  createPowerIntegral,
  joulesOfKwh,
  powerWindowMs,
  trapezoidJ,
} from '../../app/workload/energy/energy.ts';

type Interval = readonly [beforeW: number, afterW: number, dtMs: number];
function integralOf(intervals: readonly Interval[], windowMs: number, doubtedEnds?: boolean) {
  const integral = createPowerIntegral(windowMs, doubtedEnds);
  for (const interval of intervals) integral.add(...interval);
  return integral.result();
}

describe('integrated power', () => {
  it.each<readonly [string, readonly Interval[], number, boolean | undefined, number, number]>([
    // [intervals, window, doubted ends, J, what may be missed]
    [
      'steady',
      [
        [200, 200, 1000],
        [200, 200, 1000],
      ],
      10,
      undefined,
      400,
      0,
    ],
    ['averaged over the interval: the ends alone', [[100, 300, 1000]], 1000, undefined, 200, 200 * 2],
    ['averaged over more', [[100, 300, 500]], 1000, undefined, 100, 200 * 1.5],
    ['averaged over half of it', [[100, 300, 1000]], 500, undefined, 200, 3 * Math.sqrt(0.5 * 20_000 * 5) + 200 * 1.5],
    ['falling', [[300, 100, 1000]], 500, undefined, 200, 3 * Math.sqrt(0.5 * 20_000 * 5) + 200 * 1.5],
    ['over two seconds', [[100, 300, 2000]], 1000, undefined, 400, 3 * Math.sqrt(0.5 * 20_000 * 4 * 5) + 200 * 3],
    [
      'in two intervals: the longer one is the edge',
      [
        [100, 300, 1000],
        [300, 200, 2000],
      ],
      1000,
      undefined,
      700,
      3 * Math.sqrt(0.5 * 5000 * 4 * 3) + 200 * 3,
    ],
    [
      'with ends that are in doubt anyway',
      [[100, 300, 1000]],
      500,
      true,
      200,
      3 * Math.sqrt(0.5 * 20_000 * 5) + 200 * 0.5,
    ],
    ['with ends that are not', [[100, 300, 1000]], 500, false, 200, 3 * Math.sqrt(0.5 * 20_000 * 5) + 200 * 1.5],
  ])('%s', (_, intervals, windowMs, doubtedEnds, energyJ, spreadJ) => {
    const found = integralOf(intervals, windowMs, doubtedEnds)!;
    expect(found.energyJ).toBeCloseTo(energyJ, 9);
    expect(found.spreadJ).toBeCloseTo(spreadJ, 9);
    expect(found.ms).toBe(intervals.reduce((sum, [, , dtMs]) => sum + dtMs, 0));
    expect(found.range.low).toBeCloseTo(Math.max(0, energyJ - spreadJ) / 1.05, 9);
    expect(found.range.high).toBeCloseTo((energyJ + spreadJ) / 0.95, 9);
  });

  it('of nothing is not known', () => expect(integralOf([], 10)).toBeUndefined());

  it('is the mean of two readings times the time', () => expect(trapezoidJ(100, 300, 500)).toBe(100));
});

describe('a sensor that averages', () => {
  const burst = { periodMs: 100, windowMs: 25, onW: 400, offW: 100 };
  it.each([
    // a window within the burst, beside it, or across its edge
    [50, { trueW: 250, onBurstW: 400, offBurstW: 100 }],
    [10, { trueW: 130, onBurstW: 220, offBurstW: 100 }],
    [90, { trueW: 370, onBurstW: 400, offBurstW: 280 }],
    [25, { trueW: 175, onBurstW: 400, offBurstW: 100 }],
    [100, { trueW: 400, onBurstW: 400, offBurstW: 400 }],
  ])('shows a burst of %d ms in each 100 as it falls into its window', (onMs, expected) => {
    const found = burstReadings({ ...burst, onMs });
    for (const key of ['trueW', 'onBurstW', 'offBurstW'] as const) expect(found[key]).toBeCloseTo(expected[key], 9);
  });

  it.each([
    [25, ['A100-SXM4-40GB', 'NVIDIA A800 80GB PCIe', 'NVIDIA A30', 'CMP 170HX']],
    [
      1000,
      [
        ...[
          'NVIDIA GeForce RTX 3090',
          'NVIDIA GeForce RTX 4070 Ti SUPER',
          'NVIDIA GeForce RTX 5080',
          'RTX A4000',
          'RTX A1000',
        ],
        ...[
          'NVIDIA RTX 6000 Ada Generation',
          'RTX 2000 Ada',
          'RTX A3000',
          'NVIDIA RTX A6000',
          'NVIDIA A2',
          'NVIDIA A10',
          'NVIDIA A16',
          'NVIDIA A40',
        ],
        ...['NVIDIA L4', 'NVIDIA L40', 'NVIDIA L40S', 'NVIDIA H100 NVL', 'NVIDIA H200 NVL', 'NVIDIA H800'],
        ...['NVIDIA GH200 480GB', 'NVIDIA B200', 'NVIDIA GB200', 'NVIDIA GB10'],
      ],
    ],
    [
      100,
      [
        'NVIDIA GeForce RTX 2060',
        'GeForce GTX 1660 Ti',
        'Tesla T4',
        'Quadro RTX 5000',
        'Quadro RTX 8000',
        'NVIDIA TITAN RTX',
      ],
    ],
    [10, ['NVIDIA GeForce GTX 1080 Ti', 'Tesla V100-SXM2-16GB', 'Tesla P40', 'XA100', 'RTX', '']],
  ])('covers %d ms on these cards', (ms, names) => {
    expect(names.map((name) => [name, powerWindowMs(name)])).toEqual(names.map((name) => [name, ms]));
  });
});

describe('an energy counter', () => {
  it('that stands still was not reset', () => {
    expect(counterEnergy([5000, 5000, 6000])).toEqual({ observedJ: 1, resets: 0, unattributedJ: 0 });
  });
  it('of one reading, or none, has observed nothing', () => {
    const nothing = { observedJ: 0, resets: 0, unattributedJ: 0 };
    expect([counterEnergy([5000]), counterEnergy([])]).toEqual([nothing, nothing]);
  });
  it('may be reset more than once', () => {
    expect(counterEnergy([9000, 100, 50])).toEqual({ observedJ: 0, resets: 2, unattributedJ: 0.15 });
  });
});

it('a kilowatt-hour has 3.6 MJ', () => expect(joulesOfKwh(2)).toBe(7.2e6));
