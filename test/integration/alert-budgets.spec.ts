import { describe, expect, it } from 'vitest';
import { isBudget, previewBudget } from '../../app/alerts/budget-preview.ts';
import type { AlertRuleId } from '../../app/alerts/rules.ts';
import { createSlowFacts, type SlowFacts } from '../../app/alerts/slow-facts.ts';
import { alertRuleOf } from '../../app/alerts/rules.ts';
import type { Tariff } from '../../app/workload/energy/tariff.ts';
import { alertSettingsWith } from '../support/alert-world.ts';
import { playMonth } from '../support/alert-month.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MIDNIGHT = new Date(Date.UTC(2026, 2, 1, 12)).setHours(0, 0, 0, 0);
const tariff: Tariff = { pricePerKwh: 0.5, tariff: [], market: undefined };
const noTariff: Tariff = { ...tariff, pricePerKwh: null };
/** Hours of work at 1.5 kW, both cards together, from 08:00 on of each day. */
const DAYS = [2, 0.5, 2.2, 0, 1, 3];
const ENERGY = { id: 'energy-today', limit: 2 } as const;
const COST = { id: 'cost-today', limit: 1 } as const;

/** Plays the days through the pipeline, with the facts of the day as the recorder adds them up. */
function playDays() {
  const facts: { slow?: SlowFacts } = {}; // they come from the history that is played
  const rules = { [ENERGY.id]: { on: true, limit: ENERGY.limit }, [COST.id]: { on: true, limit: COST.limit } };
  const month = playMonth(MIDNIGHT + 8 * HOUR, alertSettingsWith({}, { rules }), MINUTE, {
    slowFacts: { card: () => ({}), today: () => facts.slow?.today() ?? {} },
  });
  const slow = createSlowFacts({ history: month.store, windowsOf: () => ({ windows: [] }), tariff: () => tariff });
  facts.slow = slow;
  const work = (minutes: number, watts: number): void => {
    for (let i = 0; i < minutes; i++) {
      month.tick([
        { powerW: watts * (2 / 3), coreTempC: 60 },
        { powerW: watts / 3, coreTempC: 50 },
      ]);
      slow.step(month.now().tsMs, true);
    }
  };
  DAYS.forEach((hours, day) => {
    if (day > 0) month.pause(MIDNIGHT + day * 24 * HOUR + 8 * HOUR - month.now().tsMs);
    work(Math.round(hours * 60), 1500);
    work(20, 0.5); // the day continues, and its energy is added up
  });
  return month;
}

describe('the check of a budget', () => {
  it('names as many days as alerted, for energy and for cost', async () => {
    const month = playDays();
    const { tsMs } = month.now();
    const fired = (id: AlertRuleId) => month.store.alerts.newest(100).filter(({ rule }) => rule === id).length;
    const check = async ({ id, limit }: { readonly id: AlertRuleId; readonly limit: number }, prices = tariff) =>
      previewBudget(month.store, { ...alertRuleOf(id), limit }, prices, tsMs);
    expect([fired(ENERGY.id), fired(COST.id)]).toEqual([3, 3]);
    expect(await check(ENERGY)).toMatchObject({ fired: 3, missing: null });
    expect(await check(COST)).toMatchObject({ fired: 3, missing: null });
    expect((await check({ ...ENERGY, limit: 4 })).fired).toBe(1);
    expect((await check({ ...ENERGY, limit: 0.2 })).fired).toBe(5);
    expect(await check(COST, noTariff)).toMatchObject({ fired: 0, missing: 'noPrice' });
    // both cards, every interval between two samples of a day
    const observedH = (await check(ENERGY)).observedMs / HOUR;
    expect(observedH).toBeCloseTo(2 * (8.7 + DAYS.length * (19 / 60)), 1);
  });

  it('counts whole days within the last 30, and today', async () => {
    const month = playDays();
    const at = (days: number) =>
      previewBudget(
        month.store,
        { ...alertRuleOf('energy-today'), limit: 2 },
        tariff,
        MIDNIGHT + days * 24 * HOUR + HOUR,
      );
    expect((await at(29)).fired).toBe(3);
    expect((await at(30)).fired).toBe(2); // the first day is not whole any more
    expect(await at(60)).toMatchObject({ fired: 0, observedMs: 0, missing: 'nothing' });
    expect((await at(29)).fromMs).toBe(MIDNIGHT);
  });

  it('is for the two budgets only', () => {
    expect(
      (['energy-today', 'cost-today', 'disk-low', 'core-fixed'] as const).map((id) => isBudget(alertRuleOf(id))),
    ).toEqual([true, true, false, false]);
  });
});
