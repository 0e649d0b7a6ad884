import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceleration, effectiveTemperature } from '../../app/wear/arrhenius.ts';
import { createExposure, feedExposure, summariseExposure, type ExposureSample } from '../../app/wear/exposure.ts';
import { disclaimer, REFERENCE, SILICON } from '../../app/wear/model.ts';
import { fourPoint, rainflow } from '../../app/wear/rainflow.ts';

const series = fc.array(fc.integer({ min: 20, max: 100 }), { minLength: 1, maxLength: 200 });
const ea = fc.constantFrom(...SILICON.grid);
const tempC = fc.integer({ min: 0, max: 110 });

describe('Arrhenius acceleration', () => {
  it('is 1 between equal temperatures and multiplies along a path', () => {
    fc.assert(
      fc.property(ea, tempC, tempC, tempC, (e, a, b, c) => {
        expect(acceleration(e, a, a)).toBe(1);
        const path = acceleration(e, a, b) * acceleration(e, b, c);
        expect(path / acceleration(e, a, c)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('grows with temperature', () => {
    fc.assert(
      fc.property(ea, tempC, (e, t) => {
        expect(acceleration(e, 65, t + 1)).toBeGreaterThan(acceleration(e, 65, t));
      }),
    );
  });

  it('has an effective temperature between the coldest and the hottest', () => {
    const steps = fc.array(fc.record({ hours: fc.integer({ min: 1, max: 1000 }), tempC }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(ea, steps, (e, profile) => {
        const effective = effectiveTemperature(e, profile);
        const temps = profile.map((step) => step.tempC);
        expect(effective).toBeGreaterThanOrEqual(Math.min(...temps) - 1e-6);
        expect(effective).toBeLessThanOrEqual(Math.max(...temps) + 1e-6);
      }),
    );
  });
});

const turningPoints = (values: readonly number[]): number[] => {
  const distinct = values.filter((value, i) => i === 0 || value !== values[i - 1]);
  return distinct.filter(
    (value, i) =>
      i === 0 ||
      i === distinct.length - 1 ||
      Math.sign(value - distinct[i - 1]!) !== Math.sign(distinct[i + 1]! - value),
  );
};

describe('rainflow counting', () => {
  it('counts (reversals − 1) / 2 cycles', () => {
    fc.assert(
      fc.property(series, (values) => {
        const total = rainflow(values).reduce((sum, { count }) => sum + count, 0);
        expect(total).toBe((turningPoints(values).length - 1) / 2);
      }),
    );
  });

  it('finds the largest swing of the history', () => {
    fc.assert(
      fc.property(series, (values) => {
        const swings = rainflow(values).map(({ range }) => range);
        expect(Math.max(0, ...swings)).toBe(Math.max(...values) - Math.min(...values));
      }),
    );
  });

  it('closes only cycles that the four-point method closes too', () => {
    fc.assert(
      fc.property(series, (values) => {
        const closed = rainflow(values).filter(({ count }) => count === 1);
        const other = fourPoint(turningPoints(values)).closed.map(([a, b]) => Math.abs(a - b));
        for (const { range } of closed) {
          const at = other.indexOf(range);
          expect(at).toBeGreaterThanOrEqual(0);
          other.splice(at, 1);
        }
      }),
    );
  });

  it('does not care how long the temperature stands still', () => {
    fc.assert(
      fc.property(series, (values) => {
        const slow = values.flatMap((value) => [value, value, value]);
        const shape = (counted: readonly number[]) => rainflow(counted).map(({ range, count }) => [range, count]);
        expect(shape(slow)).toEqual(shape(values));
      }),
    );
  });
});

const samples: fc.Arbitrary<ExposureSample[]> = fc
  .array(
    fc.record({
      tempC: fc.option(tempC, { nil: undefined }),
      dtMs: fc.option(fc.integer({ min: 1, max: 9000 }), { nil: undefined, freq: 6 }),
    }),
    {
      minLength: 1,
      maxLength: 120,
    },
  )
  .map((steps) => {
    let tsMs = 1_700_000_000_000;
    return steps.map(({ tempC: temp, dtMs }) => ({ tsMs: (tsMs += dtMs ?? 60_000), dtMs, tempC: temp }));
  });

const fed = (list: readonly ExposureSample[], state = createExposure()) => {
  for (const sample of list) feedExposure(state, sample);
  return state;
};

describe('exposure', () => {
  it('is the same when the history is fed in two parts with a restart in between', () => {
    fc.assert(
      fc.property(samples, fc.nat(), (list, cut) => {
        const at = cut % (list.length + 1);
        const stored = JSON.parse(JSON.stringify(fed(list.slice(0, at)))) as ReturnType<typeof createExposure>;
        expect(summariseExposure(fed(list.slice(at), stored))).toEqual(summariseExposure(fed(list)));
      }),
    );
  });

  it('has bins that sum to the hours observed, and adds nothing in a gap', () => {
    fc.assert(
      fc.property(samples, (list) => {
        const { observedHours, hoursByTemp } = summariseExposure(fed(list));
        expect(hoursByTemp.reduce((sum, { hours }) => sum + hours, 0)).toBeCloseTo(observedHours, 9);
        const observed = list.filter(
          ({ dtMs, tempC: temp }, i) => dtMs !== undefined && temp !== undefined && list[i - 1]?.tempC !== undefined,
        );
        expect(observedHours).toBeCloseTo(observed.reduce((sum, { dtMs }) => sum + dtMs!, 0) / 3_600_000, 9);
      }),
    );
  });

  it('at the reference temperature is exactly the time that passed, for every activation energy', () => {
    const list = Array.from({ length: 100 }, (_, i) => ({
      tsMs: i * 1000,
      dtMs: i === 0 ? undefined : 1000,
      tempC: REFERENCE.coreTempC,
    }));
    expect(summariseExposure(fed(list)).silicon?.rate).toEqual({ low: 1, mid: 1, high: 1 });
  });

  it('never falls when the same history is hotter', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 20 }), (list, more) => {
        const hotter = list.map((sample) => ({
          ...sample,
          tempC: sample.tempC === undefined ? undefined : sample.tempC + more,
        }));
        const [cool, hot] = [summariseExposure(fed(list)), summariseExposure(fed(hotter))];
        if (!cool.silicon || !hot.silicon) return;
        expect(hot.silicon.rate.mid).toBeGreaterThan(cool.silicon.rate.mid);
      }),
    );
  });

  it('keeps its middle inside its band', () => {
    fc.assert(
      fc.property(samples, (list) => {
        const { silicon } = summariseExposure(fed(list));
        if (!silicon) return;
        expect(silicon.rate.low).toBeLessThanOrEqual(silicon.rate.mid);
        expect(silicon.rate.mid).toBeLessThanOrEqual(silicon.rate.high);
      }),
    );
  });

  it('is undefined before anything was observed, not zero', () => {
    expect(summariseExposure(createExposure()).silicon).toBeUndefined();
  });

  it('counts no swing below 3 K', () => {
    const list = [60, 61, 60, 62, 60, 75, 60].map((temp, i) => ({
      tsMs: i * 1000,
      dtMs: i === 0 ? undefined : 1000,
      tempC: temp,
    }));
    expect(summariseExposure(fed(list)).cycles).toEqual([{ rangeK: 15, count: 1 }]);
  });

  it('always stands with the sentence that says what it is not', () => {
    expect(disclaimer('97')).toContain('not a remaining-life prediction and not a failure probability');
    expect(disclaimer('97')).toContain('Coverage: 97 % of the period.');
  });
});
