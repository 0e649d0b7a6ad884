import { describe, expect, it } from 'vitest';
import { createRainflow, feedRainflow, fourPoint, rainflow, residue, type Cycle } from '../../app/wear/rainflow.ts';

/** [range, mean, count, start, end] of each cycle, in the order counted. */
const rows = (cycles: readonly Cycle[]) =>
  cycles.map(({ range, mean, count, startAt, endAt }) => [range, mean, count, startAt, endAt]);

type Row = readonly [range: number, mean: number, count: number, startAt: number, endAt: number];
const counted: readonly (readonly [name: string, series: readonly number[], cycles: readonly Row[]])[] = [
  ['no sample', [], []],
  ['one sample', [5], []],
  ['a constant temperature', [5, 5, 5], []],
  ['one rise', [20, 60], [[40, 40, 0.5, 0, 1]]],
  ['one fall', [60, 20], [[40, 40, 0.5, 0, 1]]],
  ['a rise in steps', [20, 30, 45, 60], [[40, 40, 0.5, 0, 3]]],
  ['a rise after a plateau, which begins at its first sample', [20, 20, 60], [[40, 40, 0.5, 0, 2]]],
  [
    'a turning point at the last moment of a plateau',
    [20, 60, 60, 60, 20],
    [
      [40, 40, 0.5, 0, 3],
      [40, 40, 0.5, 3, 4],
    ],
  ],
  [
    'two swings of the same size: a tie counts at once',
    [0, 10, 0, 10],
    [
      [10, 5, 0.5, 0, 1],
      [10, 5, 0.5, 1, 2],
      [10, 5, 0.5, 2, 3],
    ],
  ],
  [
    'a small swing inside a large one, which closes as a whole cycle',
    [0, 50, 30, 60],
    [
      [20, 40, 1, 1, 2],
      [60, 30, 0.5, 0, 3],
    ],
  ],
  [
    'an inner swing as large as the one after it: a tie closes it',
    [0, 50, 30, 50, 10],
    [
      [20, 40, 1, 1, 2],
      [50, 25, 0.5, 0, 3],
      [40, 30, 0.5, 3, 4],
    ],
  ],
  [
    'an inner swing that is not closed yet',
    [0, 50, 30, 45],
    [
      [50, 25, 0.5, 0, 1],
      [20, 40, 0.5, 1, 2],
      [15, 37.5, 0.5, 2, 3],
    ],
  ],
  [
    'swings that grow: each is the start of the history',
    [0, 10, -10, 20],
    [
      [10, 5, 0.5, 0, 1],
      [20, 0, 0.5, 1, 2],
      [30, 5, 0.5, 2, 3],
    ],
  ],
  [
    'swings that shrink: all stay open',
    [0, 40, 10, 30],
    [
      [40, 20, 0.5, 0, 1],
      [30, 25, 0.5, 1, 2],
      [20, 20, 0.5, 2, 3],
    ],
  ],
  [
    'the example of ASTM E1049-85, figure 6',
    [-2, 1, -3, 5, -1, 3, -4, 4, -2],
    [
      [3, -0.5, 0.5, 0, 1],
      [4, -1, 0.5, 1, 2],
      [4, 1, 1, 4, 5],
      [8, 1, 0.5, 2, 3],
      [9, 0.5, 0.5, 3, 6],
      [8, 0, 0.5, 6, 7],
      [6, 1, 0.5, 7, 8],
    ],
  ],
];

describe('rainflow, by table', () => {
  it.each(counted)('counts %s', (_name, series, cycles) => {
    expect(rows(rainflow(series))).toEqual(cycles);
  });

  it('reports a cycle as soon as it is certain, not at the end', () => {
    const state = createRainflow();
    const cycles: Cycle[] = [];
    const seen = [0, 50, 30, 60, 55].map((value, i) => {
      feedRainflow(state, value, i, (cycle) => cycles.push(cycle));
      return cycles.length;
    });
    expect(seen).toEqual([0, 0, 0, 0, 1]);
  });

  it('reads the open swings without changing the state', () => {
    const state = createRainflow();
    [0, 50, 30, 45, 40].forEach((value, i) => feedRainflow(state, value, i, () => undefined));
    const before = structuredClone(state);
    expect(rows(residue(state))).toEqual(rows(residue(state)));
    expect(residue(state)).toHaveLength(4);
    expect(state).toEqual(before);
  });

  it('closes an inner cycle in the open swings when the newest sample exceeds it', () => {
    const state = createRainflow();
    [0, 50, 30, 60].forEach((value, i) => feedRainflow(state, value, i, () => undefined));
    expect(rows(residue(state))).toEqual([
      [20, 40, 1, 1, 2],
      [60, 30, 0.5, 0, 3],
    ]);
  });

  it('begins empty, and a first sample is a turning point without a direction', () => {
    expect(createRainflow()).toEqual({ stack: [], direction: 0 });
    const state = createRainflow();
    feedRainflow(state, 7, 3, () => expect.unreachable());
    expect(state).toEqual({ stack: [[7, 3]], last: [7, 3], direction: 0 });
    feedRainflow(state, 6, 4, () => expect.unreachable());
    expect(state).toEqual({ stack: [[7, 3]], last: [6, 4], direction: -1 });
    feedRainflow(state, 8, 5, () => expect.unreachable());
    expect(state).toEqual({
      stack: [
        [7, 3],
        [6, 4],
      ],
      last: [8, 5],
      direction: 1,
    });
  });
});

const fourPoints: readonly (readonly [
  name: string,
  points: readonly number[],
  closed: readonly (readonly [number, number])[],
  open: readonly number[],
])[] = [
  ['nothing of three points', [0, 50, 30], [], [0, 50, 30]],
  ['an inner pair within both neighbours', [0, 50, 30, 60], [[50, 30]], [0, 60]],
  ['an inner pair as large as the pair before it', [30, 50, 30, 60], [[50, 30]], [30, 60]],
  ['an inner pair as large as the pair after it', [0, 50, 30, 50], [[50, 30]], [0, 50]],
  ['not an inner pair larger than the pair before it', [40, 50, 30, 60], [], [40, 50, 30, 60]],
  ['not an inner pair larger than the pair after it', [0, 50, 30, 45], [], [0, 50, 30, 45]],
  [
    'a pair that only becomes inner when another has closed',
    [0, 60, 10, 40, 30, 70],
    [
      [40, 30],
      [60, 10],
    ],
    [0, 70],
  ],
];

describe('the four-point method, by table', () => {
  it.each(fourPoints)('closes %s', (_name, points, closed, open) => {
    expect(fourPoint(points)).toEqual({ closed, residue: open });
  });
});
