import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setValue, setAbsent, copyFrame } from '../../app/metrics/frame.ts';
import { keepEqual } from '../../renderer/keep-equal.ts';
import { latestOf, valueIn, withFrame } from '../../renderer/live/readings.ts';
import { frameWith } from '../support/frames.ts';

describe('what did not change', () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(0, 1, Number.NaN, 'a', null, undefined, true),
      fc.float64Array({ maxLength: 3 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { noNullPrototype: true }),
    ),
  })).value;

  it('keeps its identity as a whole, however it is copied', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(keepEqual(value, structuredClone(value))).toBe(value);
      }),
    );
  });

  it('never replaces a new value by one that differs', () => {
    fc.assert(
      fc.property(plain, plain, (before, next) => {
        expect(keepEqual(before, next)).toStrictEqual(next);
      }),
    );
  });

  it('keeps its identity beside a part that did', () => {
    const before = { range: new Float64Array([1, 2]), marks: [{ id: 1 }] };
    const kept = keepEqual(before, { range: new Float64Array([1, 3]), marks: [{ id: 1 }] });
    expect(kept.marks).toBe(before.marks);
    expect([...kept.range]).toEqual([1, 3]);
  });
});

describe('the newest readings of a card', () => {
  const first = frameWith({ coreTempC: 60, powerW: 200 });

  it('are the same list after a tick that says the same, and one reading differs after one that does not', () => {
    const before = withFrame(undefined, first);
    expect(withFrame(before, copyFrame(first))).toBe(before);
    const warmer = copyFrame(first);
    setValue(warmer, 'coreTempC', 61);
    const after = withFrame(before, warmer);
    expect(valueIn(after, 'coreTempC')).toBe(61);
    expect(latestOf(after, 'powerW')).toBe(latestOf(before, 'powerW'));
  });

  it('tell an absence from a value, one reason from another, and read from derived', () => {
    const before = withFrame(undefined, first);
    const lost = copyFrame(first);
    setAbsent(lost, 'coreTempC', 'failed', 3);
    const failed = withFrame(before, lost);
    expect(latestOf(failed, 'coreTempC').reading).toEqual({ state: 'failed', reason: 3 });
    setAbsent(lost, 'coreTempC', 'failed', 4);
    expect(latestOf(withFrame(failed, lost), 'coreTempC').reading).toEqual({ state: 'failed', reason: 4 });
    const derived = copyFrame(first);
    setValue(derived, 'powerW', 200, true);
    expect(latestOf(withFrame(before, derived), 'powerW').reading).toMatchObject({ derived: true });
  });

  it('keep one of the slow cadence until it is read again', () => {
    const before = withFrame(undefined, first);
    const without = copyFrame(first);
    without.states.fill(0);
    expect(withFrame(before, without)).toBe(before);
  });
});
