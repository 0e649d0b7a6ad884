import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readingStates } from '../../app/core/reading.ts';
import { isObserved, observedBetween, usualReadings } from '../../app/metrics/observed.ts';
import { summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';
import { frameWith } from '../support/frames.ts';
import { states, ticksOf, valuesMs } from '../support/observed.ts';

describe('the time between two samples', () => {
  it.each([
    [1, 2, 1000, true],
    [0, 0, 0, true],
    [Number.NaN, 2, 1000, false],
    [1, Number.NaN, 1000, false],
    [1, 2, Number.NaN, false],
    [1, 2, -1, false],
  ])('from %d to %d in %d ms is observed: %s', (before, now, dtMs, expected) =>
    expect(isObserved(before, now, dtMs)).toBe(expected),
  );

  const absences = readingStates.filter((state) => state !== 'value');
  it.each(absences)('is not observed for a reading that is %s at either end', (state) => {
    const [there, gone] = [frameWith({ coreTempC: 50 }), frameWith({ coreTempC: state })];
    expect([observedBetween(there, gone, 1000), observedBetween(gone, there, 1000)]).toEqual([0, 0]);
    expect(observedBetween(gone, gone, 1000)).toBe(0);
    expect(observedBetween(there, there, undefined)).toBe(0);
  });

  it.each(usualReadings)('is observed where %s alone has a value at both ends', (key) => {
    expect(observedBetween(frameWith({ [key]: 1 }), frameWith({ [key]: 1 }), 700)).toBe(700);
    expect(observedBetween(frameWith({ fanPct: 1 }), frameWith({ fanPct: 1 }), 700)).toBe(0);
  });

  it('is not observed where one reading ends and another begins', () => {
    expect(observedBetween(frameWith({ powerW: 100 }), frameWith({ coreTempC: 50 }), 1000)).toBe(0);
  });
});

describe('a session', () => {
  it('is never observed for longer than the card gave values', () => {
    fc.assert(
      fc.property(states, (list) => {
        const samples = ticksOf(list).map(({ tsMs, dtMs, gpus }): SessionSample => ({
          tsMs,
          dtMs,
          frame: gpus[0]!.frame,
        }));
        expect(summariseGpu('GPU', samples).observedMs).toBe(valuesMs(list));
      }),
    );
  });
});
