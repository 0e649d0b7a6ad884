// Energy between two moments, from readings of a running total: which reading answers for which moment.
import { describe, expect, it } from 'vitest';
import { createSpan, OPEN, type Ends, type Piece } from '../../app/workload/energy/span.ts';

type Reading = readonly [atMs: number, joules: number | undefined, curve?: (share: number) => number];
const LAG = 100;
const MOST_W = 100;

function span(ends: Ends, lagMs: number | undefined, readings: readonly Reading[]) {
  const pieces: Piece[] = [];
  const made = createSpan(ends, lagMs, (piece) => pieces.push(piece));
  for (const reading of readings) made.add(...reading);
  return { pieces, inside: made.inside(), doubt: made.result(MOST_W) };
}
/** Every second 100 J. */
const steady = (fromMs: number, toMs: number): Reading[] =>
  Array.from({ length: (toMs - fromMs) / 1000 + 1 }, (_, i) => [fromMs + i * 1000, i === 0 ? undefined : 100]);
const joules = (pieces: readonly Piece[]): readonly number[] => pieces.map((piece) => piece.joules);

describe('a total that is known at every moment', () => {
  it.each([
    ['between readings', 500, 2500, [50, 100, 50], 2],
    ['at readings', 1000, 2000, [100], 2],
    ['within one interval', 1200, 1500, [30], 0],
    ['just before a reading', 500, 999, [49.9], 0],
    ['just after a reading', 2001, 2500, [49.9], 0],
    ['of no length', 1500, 1500, [], 0],
  ])('is divided by time: a span %s', (_, fromMs, toMs, expected, inside) => {
    const found = span({ fromMs, toMs }, undefined, steady(0, 3000));
    expect(joules(found.pieces).map((one) => Math.round(one * 1e6) / 1e6)).toEqual(expected);
    expect(found.inside).toBe(inside);
    const none = { belowJ: 0, aboveJ: 0 };
    expect(found.doubt).toEqual({ begin: none, end: none, unseen: { ms: 0, energyJ: 0 } });
  });

  it('gives pieces that end where the span does, and follows a curve between readings', () => {
    const square = (share: number) => share * share;
    const { pieces } = span({ fromMs: 500, toMs: 1500 }, undefined, [
      [0, undefined],
      [1000, 100, square],
      [2000, 100, square],
    ]);
    expect(pieces).toEqual([
      { joules: 75, fromMs: 500, toMs: 1000 },
      { joules: 25, fromMs: 1000, toMs: 1500 },
    ]);
  });

  it('is doubted by what lies between the earliest and the latest of each moment', () => {
    const ends = { fromMs: 500, beganByMs: 1500, endedAfterMs: 2000, toMs: 2500, endedByMs: 2750 };
    const { doubt, inside } = span(ends, undefined, steady(0, 3000));
    expect(doubt).toMatchObject({ begin: { belowJ: 100, aboveJ: 0 }, end: { belowJ: 50, aboveJ: 25 } });
    expect(inside).toBe(2);
    expect(span({ ...ends, endedByMs: 3000 }, undefined, steady(0, 3000)).inside).toBe(3); // readings up to the latest end
  });
});

describe('a counter that may be a tenth of a second behind', () => {
  it.each([
    // from, to, begin (below, above), end (below, above)
    ['between readings', 500, 2500, [50, 50], [50, 50]],
    ['at a reading', 1000, 2000, [100, 0], [0, 100]],
    ['a tenth of a second before a reading', 900, 1900, [10, 90], [90, 10]],
    ['less than that before a reading', 901, 1901, [109.9, 90.1], [90.1, 109.9]],
  ])('is read before a moment and a tenth of a second after it: %s', (_, fromMs, toMs, begin, end) => {
    const { doubt } = span({ fromMs, toMs }, LAG, steady(0, 4000));
    expect(doubt!.begin.belowJ).toBeCloseTo(begin[0]!, 9);
    expect(doubt!.begin.aboveJ).toBeCloseTo(begin[1]!, 9);
    expect(doubt!.end.belowJ).toBeCloseTo(end[0]!, 9);
    expect(doubt!.end.aboveJ).toBeCloseTo(end[1]!, 9);
  });

  it('begins with its first reading where none was before', () => {
    const { doubt, pieces } = span({ fromMs: -500, toMs: 2000 }, LAG, steady(0, 3000));
    expect(doubt!.begin).toEqual({ belowJ: 0, aboveJ: 0 });
    expect(joules(pieces)).toEqual([100, 100]);
    expect(doubt!.unseen).toEqual({ ms: 500, energyJ: 50 });
  });

  it.each([
    [3000, 3000, 10], // all of the last tenth of a second is missing
    [2950, 3000, 5],
    [2900, 3000, 0],
    [2000, 3000, 0],
  ])(
    'whose span ends at %d and whose newest reading is at %d lacks what is behind it: %d J',
    (toMs, newestMs, lackJ) => {
      const readings = [...steady(0, 1000), [newestMs, 0] as const];
      expect(span({ fromMs: 0, toMs }, LAG, readings).doubt!.end.aboveJ).toBeCloseTo(lackJ, 9);
    },
  );

  it('lacks a tenth of a second at most', () => {
    const { doubt } = span({ fromMs: 0, toMs: 9000 }, LAG, steady(0, 3000));
    expect(doubt!.end.aboveJ).toBe(10);
    expect(doubt!.unseen).toEqual({ ms: 6000, energyJ: 600 });
  });

  it('that is open ends with its newest reading', () => {
    const { doubt, pieces, inside } = span(OPEN, LAG, steady(0, 3000));
    expect(joules(pieces)).toEqual([100, 100, 100]);
    expect(inside).toBe(4);
    expect(doubt!.unseen).toEqual({ ms: 0, energyJ: 0 });
    expect(doubt!.begin).toEqual({ belowJ: 0, aboveJ: 0 });
  });
});

describe('what a span could not see', () => {
  const holed: Reading[] = [
    [0, undefined],
    [1000, 100],
    [3000, undefined],
    [4000, 100],
  ];
  it.each([
    ['a hole inside', { fromMs: 0, toMs: 4000 }, 2000],
    ['the part of a hole behind its beginning', { fromMs: 2500, toMs: 4000 }, 500],
    ['the part of a hole before its end', { fromMs: 0, toMs: 1200 }, 200],
    ['a hole around it', { fromMs: 1400, toMs: 1500 }, 100],
    ['a hole up to its latest end', { fromMs: 0, toMs: 1200, endedByMs: 1700 }, 700],
    ['a hole that it does not touch', { fromMs: 3000, toMs: 4000 }, 0],
    ['the time before the first reading', { fromMs: -300, toMs: 1000 }, 300],
    ['the time behind the newest reading', { fromMs: 3000, toMs: 4400 }, 400],
    ['the time behind it up to the latest end', { fromMs: 3000, toMs: 4400, endedByMs: 4500 }, 500],
    ['all of it, before the first reading', { fromMs: -3000, toMs: -2000 }, 1000],
    ['all of it, behind the newest reading', { fromMs: 6000, toMs: 7000 }, 1000],
    ['both sides and a hole', { fromMs: -1000, toMs: 5000 }, 4000],
    ['a hole of a span without an end', { fromMs: 500, toMs: Infinity }, 2000],
    ['nothing of a span without a beginning: it is what was observed', { fromMs: -Infinity, toMs: 4400 }, 0],
  ])('is %s', (_, ends, ms) => {
    expect(span(ends, undefined, holed).doubt!.unseen).toEqual({ ms, energyJ: (MOST_W * ms) / 1000 });
  });

  it('gives no piece for a hole', () => {
    expect(joules(span({ fromMs: 0, toMs: 4000 }, undefined, holed).pieces)).toEqual([100, 100]);
  });

  it('is not known without a reading, and all of it with one', () => {
    expect(span({ fromMs: 0, toMs: 1000 }, undefined, []).doubt).toBeUndefined();
    const one = span({ fromMs: 0, toMs: 1000 }, undefined, [[400, undefined]]);
    expect([one.pieces, one.doubt!.unseen.ms, one.inside]).toEqual([[], 1000, 1]);
  });
});

describe('a clock that is set back between two readings', () => {
  const readings: Reading[] = [
    [5000, undefined],
    [6000, 100],
    [3000, 70],
    [4000, 100],
  ];
  const piece = { joules: 70, fromMs: 3000, toMs: 3000 };
  const hasStep = (ends: Ends): boolean => span(ends, LAG, readings).pieces.some(({ fromMs, toMs }) => fromMs === toMs);

  it('loses no energy: the step counts at the time of the later reading', () => {
    expect(span(OPEN, LAG, readings).pieces).toEqual([
      { joules: 100, fromMs: 5000, toMs: 6000 },
      piece,
      { joules: 100, fromMs: 3000, toMs: 4000 },
    ]);
  });

  it.each([
    [2999, 9000, true],
    [3000, 9000, false], // the beginning is not in what came before it
    [0, 3000, true],
    [0, 2999, false],
  ])('a span from %d to %d has the step: %s', (fromMs, toMs, expected) => {
    expect(hasStep({ fromMs, toMs })).toBe(expected);
  });

  it('and two readings at one moment are a step of that moment', () => {
    const { pieces } = span(OPEN, LAG, [
      [1000, undefined],
      [1000, 30],
    ]);
    expect(pieces).toEqual([{ joules: 30, fromMs: 1000, toMs: 1000 }]);
  });
});
