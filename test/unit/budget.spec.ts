import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBudget } from '../../app/telemetry/budget.ts';

const intervals = fc.constantFrom(100, 250, 500, 1000, 2000, 5000, 10_000);
const costs = fc.array(
  fc.oneof(fc.double({ min: 0, max: 50, noNaN: true }), fc.double({ min: 0, max: 20_000, noNaN: true })),
  {
    maxLength: 400,
  },
);

describe('the budget of reading', () => {
  it('never samples faster than was asked for, nor slower than every five seconds on its own account', () => {
    fc.assert(
      fc.property(intervals, costs, (asked, spent) => {
        const budget = createBudget(asked);
        for (const tookMs of spent) {
          const interval = budget.spent(tookMs);
          expect(interval).toBeGreaterThanOrEqual(asked);
          expect(interval).toBeLessThanOrEqual(Math.max(asked, 5000));
        }
      }),
    );
  });

  it('changes nothing while reading takes less than a quarter of the time', () => {
    fc.assert(
      fc.property(intervals, fc.array(fc.double({ min: 0, max: 0.25, noNaN: true })), (asked, shares) => {
        const budget = createBudget(asked);
        for (const share of shares) expect(budget.spent(share * asked)).toBe(asked);
      }),
    );
  });

  it('gives way to a steady cost until that is a quarter of the time, and stays there', () => {
    fc.assert(
      fc.property(intervals, fc.double({ min: 1, max: 4000, noNaN: true }), (asked, tookMs) => {
        const budget = createBudget(asked);
        let interval: number = asked;
        for (let i = 0; i < 100; i++) interval = budget.spent(tookMs);
        expect(tookMs <= interval / 4 || interval >= 5000).toBe(true);
        for (let i = 0; i < 200; i++) expect(budget.spent(tookMs)).toBe(interval);
      }),
    );
  });

  it('does not mind one hitch, and returns to what was asked for when reading is quick again', () => {
    const budget = createBudget(1000);
    expect(budget.spent(9000)).toBe(1000);
    expect(budget.spent(1)).toBe(1000);
    for (let i = 0; i < 20; i++) budget.spent(1500);
    expect(budget.spent(1500)).toBe(5000);
    let interval = 0;
    for (let i = 0; i < 200; i++) interval = budget.spent(1);
    expect(interval).toBe(1000);
  });

  it('forgets what was slow when another interval is asked for', () => {
    const budget = createBudget(100);
    for (let i = 0; i < 4; i++) budget.spent(90);
    budget.setInterval(2000);
    for (let i = 0; i < 20; i++) expect(budget.spent(90)).toBe(2000);
  });
});
