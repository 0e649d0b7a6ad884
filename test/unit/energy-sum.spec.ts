// The sum of a session's energy: what is its own, what is shared, when, and how far its ends are in doubt.
import { describe, expect, it } from 'vitest';
import type { ShareSpan } from '../../app/workload/energy/shares.ts';
import { createEnergySum } from '../../app/workload/energy/sum.ts';

const MINUTE = 60_000;
const shares: readonly ShareSpan[] = [
  { fromMs: 0, toMs: MINUTE, share: 0.25 },
  { fromMs: 2 * MINUTE, toMs: 3 * MINUTE, share: undefined },
  { fromMs: 3 * MINUTE, toMs: 4 * MINUTE, share: 0.5 },
];
/** Pieces of a minute with 60 J each. */
function sumOf(minutes: readonly number[], timed = false, of = shares) {
  const sum = createEnergySum(() => of, timed);
  for (const i of minutes) sum.add({ joules: 60, fromMs: i * MINUTE, toMs: (i + 1) * MINUTE });
  return sum;
}
const doubts = { begin: { belowJ: 8, aboveJ: 12 }, end: { belowJ: 20, aboveJ: 28 } };

describe('the energy of a session', () => {
  it('is its share of each piece, for its share of the time; what cannot be divided is kept apart', () => {
    const { ownJ, ownMs, sharedJ, slots } = sumOf([0, 1, 2, 3]).result();
    expect([ownJ, ownMs, sharedJ]).toEqual([15 + 60 + 30, 1.75 * MINUTE, 60]);
    expect(slots.map(({ fromMs, energyJ }) => [fromMs / MINUTE, energyJ])).toEqual([
      [0, 15],
      [1, 60],
      [3, 30],
    ]);
    expect(sumOf([2]).result()).toMatchObject({ ownJ: 0, ownMs: 0, sharedJ: 60, slots: [] });
    expect(sumOf([2, 2]).result().sharedJ).toBe(120);
  });

  it('is kept by time only where outputs have times', () => {
    expect(sumOf([0, 1]).result().curve).toEqual([]);
    expect(sumOf([], true).result().curve).toEqual([]);
    expect(sumOf([0, 1, 2, 3], true).result().curve).toEqual([
      { tsMs: 0, totalJ: 0 },
      { tsMs: MINUTE, totalJ: 15 },
      { tsMs: 2 * MINUTE, totalJ: 75 },
      { tsMs: 3 * MINUTE, totalJ: 75 },
      { tsMs: 4 * MINUTE, totalJ: 105 },
    ]);
  });

  it.each([
    ['all of the card at both ends', [1], [28, 40]],
    ['a quarter of it at the beginning', [0, 1], [2 + 20, 3 + 28]],
    ['half of it at the end', [1, 3], [8 + 10, 12 + 14]],
    ['a quarter and a half of it', [0, 1, 3], [2 + 10, 3 + 14]],
    ['an unknown part of it at the beginning', [2, 3], [10, 14]],
    ['an unknown part of it at the end', [1, 2], [8, 12]],
    ['no piece', [], [0, 0]],
  ])('is in doubt by its part of the card at each end: %s', (_, minutes, [belowJ, aboveJ]) => {
    expect(sumOf(minutes).doubt(doubts)).toEqual({ belowJ, aboveJ });
  });
});
