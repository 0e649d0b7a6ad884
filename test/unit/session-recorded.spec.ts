// In which time of a session its energy is known.
import { describe, expect, it } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { GAP_MS } from '../../app/telemetry/sampler.ts';
import { MARKS_KEPT } from '../../app/workload/adapters/outputs.ts';
import { createRecorded } from '../../app/workload/sessions/recorded.ts';
import { frameWith } from '../support/frames.ts';

type Readings = Partial<Record<MetricKey, number>>;
type Row = readonly [tsMs: number, readings: Readings, dtMs?: number];

function recordedOf(rows: readonly Row[]) {
  const recorded = createRecorded();
  for (const [tsMs, readings, dtMs] of rows) recorded.add({ tsMs, frame: frameWith(readings) }, dtMs);
  return recorded;
}
const power = { powerW: 100 };
const mj = (energyMj: number): Readings => ({ energyMj });
/** Power each second from 10 s to 20 s. */
const steady: readonly Row[] = Array.from({ length: 11 }, (_, i) => [
  10_000 + i * 1000,
  power,
  i === 0 ? undefined : 1000,
]);

describe('the recorded time of a session', () => {
  it.each([
    ['all of it', 10_000, 20_000, 0],
    ['within it', 12_300, 15_000, 0],
    ['ends a gap away on either side', 10_000 - GAP_MS, 20_000 + GAP_MS, 0],
    ['a beginning further away', 10_000 - GAP_MS - 1, 20_000, GAP_MS + 1],
    ['an end further away', 10_000, 20_000 + GAP_MS + 1, GAP_MS + 1],
    ['more than a gap before all of it', -5000, -3000, 2000],
    ['behind all of it', 40_000, 41_000, 1000],
  ])('%s', (_, fromMs, toMs, unrecordedMs) => {
    const found = recordedOf(steady).within(fromMs, toMs);
    expect([found.fromMs, found.unrecordedMs]).toEqual([fromMs, unrecordedMs]);
  });

  it.each<readonly [string, readonly Row[], number]>([
    [
      'runs on through a gap with a counter',
      [
        [0, mj(5)],
        [60_000, mj(9)],
      ],
      0,
    ],
    [
      'runs on where a counter stands still',
      [
        [0, mj(5)],
        [60_000, mj(5)],
      ],
      0,
    ],
    [
      'does not across the reset of a counter',
      [
        [0, mj(5)],
        [60_000, mj(4)],
      ],
      60_000,
    ],
    [
      'runs on behind a reset',
      [
        [0, mj(5)],
        [20_000, mj(0)],
        [60_000, mj(4)],
      ],
      20_000,
    ],
    [
      'does not with one reading of a counter',
      [
        [0, {}],
        [60_000, mj(9)],
      ],
      60_000,
    ],
    [
      'runs on where a sample in between has no counter',
      [
        [0, mj(5)],
        [20_000, {}, 20_000],
        [60_000, mj(9)],
      ],
      0,
    ],
    [
      'does not through a gap by power',
      [
        [0, power],
        [60_000, power],
      ],
      60_000,
    ],
    [
      'runs on between two readings of power',
      [
        [0, power],
        [60_000, power, 60_000],
      ],
      0,
    ],
    [
      'does not where power is missing before',
      [
        [0, {}],
        [60_000, power, 60_000],
      ],
      60_000,
    ],
    [
      'does not where power is missing behind',
      [
        [0, power],
        [60_000, {}, 60_000],
      ],
      60_000,
    ],
    [
      'is joined over pauses that are no gap',
      [
        [0, power],
        [10_000, power, 10_000],
        [10_000 + GAP_MS, power],
        [60_000, power, 50_000 - GAP_MS],
      ],
      0,
    ],
    [
      'is not joined over longer ones',
      [
        [0, power],
        [10_000, power, 10_000],
        [11_001 + GAP_MS, power],
        [60_000, power, 48_999 - GAP_MS],
      ],
      1001 + GAP_MS,
    ],
  ])('%s', (_, rows, unrecordedMs) => {
    expect(recordedOf(rows).within(0, 60_000).unrecordedMs).toBe(unrecordedMs);
  });

  it('does not reach into a gap between two pieces, where it begins or ends there', () => {
    const recorded = recordedOf([...steady, [40_000, power], [50_000, power, 10_000]]);
    expect(recorded.within(35_000, 45_000).unrecordedMs).toBe(5000);
    expect(recorded.within(15_000, 25_000).unrecordedMs).toBe(5000);
  });

  it('covers a stretch that is in one piece of it', () => {
    const { covers } = recordedOf([...steady, [40_000, power], [50_000, power, 10_000]]).within(10_000, 50_000);
    expect([
      covers(10_000, 20_000),
      covers(12_000, 12_000),
      covers(9_999, 12_000),
      covers(12_000, 20_001),
      covers(40_000, 50_000),
      covers(15_000, 45_000),
      covers(39_999, 45_000),
    ]).toEqual([true, true, false, false, true, false, false]);
  });

  it('counts the outputs in it, where each has a mark', () => {
    const { outputsIn } = recordedOf(steady).within(10_000, 60_000);
    const marks = [9_000, 10_000, 15_000, 20_000, 20_001].map((tsMs, i) => ({ tsMs, count: 10 ** i }));
    expect(outputsIn(marks)).toBe(10 + 100 + 1000);
    const many = Array.from({ length: MARKS_KEPT }, () => ({ tsMs: 15_000, count: 1 }));
    expect([outputsIn(many.slice(1)), outputsIn(many)]).toEqual([MARKS_KEPT - 1, undefined]);
    expect(outputsIn([])).toBe(0);
  });

  it('of nothing is none', () => {
    const { unrecordedMs, covers } = createRecorded().within(0, 5000);
    expect([unrecordedMs, covers(0, 0)]).toEqual([5000, false]);
  });
});
