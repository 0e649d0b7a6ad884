import { describe, expect, it } from 'vitest';
import { divide, shareAt } from '../../app/workload/energy/shares.ts';
import type { Process } from '../../app/workload/programs/programs.ts';
import { process } from '../support/attribution-world.ts';

describe('shares by SM time', () => {
  const shares = (list: readonly Process[], owners: Readonly<Record<number, string>>) =>
    Object.fromEntries(divide(list, (pid) => owners[pid]));

  it.each([
    [
      'its processes are added up',
      [process(1, 30), process(2, 30), process(3, 40)],
      { 1: 'a', 2: 'a', 3: 'b' },
      { a: 0.6, b: 0.4 },
    ],
    ['no session beside it works', [process(1, 30), process(9, 0)], { 1: 'a' }, { a: 1 }],
    ['a stranger works', [process(1, 30), process(9, 30)], { 1: 'a' }, { a: 0.5 }],
    ['a stranger computes, and how much is not reported', [process(1, 30), process(9)], { 1: 'a' }, { a: undefined }],
    [
      'the load of one session is not reported',
      [process(1), process(2, 30)],
      { 1: 'a', 2: 'b' },
      { a: undefined, b: undefined },
    ],
    ['all are idle', [process(1, 0), process(2, 0)], { 1: 'a', 2: 'b' }, { a: 0.5, b: 0.5 }],
    ['it is alone and idle', [process(1, 0)], { 1: 'a' }, { a: 1 }],
    ['it is alone and not reported', [process(1)], { 1: 'a' }, { a: 1 }],
    ['no process has an owner', [process(1, 50)], {}, {}],
  ] as const)('if %s', (_what, list, owners, expected) => {
    const found = shares(list, owners);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [owner, share] of Object.entries(expected))
      expect(found[owner]).toEqual(share === undefined ? undefined : expect.closeTo(share, 9));
  });

  it('leave a desktop out whose load is not reported', () =>
    expect(shares([process(1, 30), { pid: 9, name: 'Xorg', type: 'graphics' }], { 1: 'a' })).toEqual({ a: 1 }));

  it('never exceed 1 by rounding: the largest gives way', () => {
    // 8 × 7.6 % and 39.2 % are rounded to 8 × 0.1 and 0.4
    const list = [...Array.from({ length: 8 }, (_, i) => process(i + 1, 7.6)), process(9, 39.2)];
    const owners = Object.fromEntries(list.map(({ pid }) => [pid, `p${pid}`]));
    const found = Object.values(shares(list, owners)) as number[];
    expect(found.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(found.slice(0, 8)).toEqual(Array(8).fill(expect.closeTo(0.1, 9)));
    expect(found[8]).toBeCloseTo(0.2, 9);
  });

  it('are found by time, in any number of spans', () => {
    const spans = Array.from({ length: 50 }, (_, i) => ({ fromMs: i * 10, toMs: i * 10 + 5, share: i / 100 }));
    for (let i = 0; i < 50; i++) {
      expect(shareAt(spans, i * 10)).toBe(i / 100);
      expect(shareAt(spans, i * 10 + 4)).toBe(i / 100);
      expect(shareAt(spans, i * 10 + 5)).toBe(1);
    }
    expect(shareAt([], 5)).toBe(1);
  });
});
