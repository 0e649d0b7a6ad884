import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceleration, effectiveTemperature } from '../../app/wear/arrhenius.ts';
import { text } from '../../app/core/i18n.ts';
import { disclaimer } from '../../app/wear/disclaimer.ts';
import { SILICON } from '../../app/wear/model.ts';
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

describe('the sentence beside every modelled number', () => {
  it('says what it is not', () => {
    expect(disclaimer(text, 0.97)).toContain('not a remaining-life prediction and not a failure probability');
    const coverage = (share: number) => /Coverage: (.*) % of the period\.$/.exec(disclaimer(text, share))?.[1];
    const shares = [0, 0.004, 0.01, 0.07, 0.29, 0.97, 0.998, 1];
    expect(shares.map(coverage)).toEqual(['0', 'less than 1', '1', '7', '29', '97', '99', '100']);
  });
});
