import type { History } from '../history/history.ts';
import type { Totals } from '../history/schema.ts';
import { priceSlots, type Tariff } from '../workload/energy/tariff.ts';
import type { AlertPreview } from './preview-schema.ts';
import { HOUR_MS } from './rule-row.ts';
import type { AlertRule } from './rules.ts';
import { startOfDay } from './slow-facts.ts';
import { PREVIEW_MS } from './preview.ts';

/** A rule that watches what was used since midnight. */
export const isBudget = ({ watches }: Pick<AlertRule, 'watches'>): boolean =>
  watches === 'energyTodayKwh' || watches === 'costToday';

const nextDay = (dayMs: number): number => startOfDay(dayMs + 26 * HOUR_MS); // a day has up to 25 hours

/**
 * On how many of the whole days within the last 30, and today, a budget would have been used up. Energy is added up by the
 * hour, as the recorder does; its cost is that of the prices that are set now. Other work runs after each day.
 */
export async function previewBudget(
  history: Pick<History, 'gpus' | 'totals'>,
  { watches, limit }: Pick<AlertRule, 'watches' | 'limit'>,
  tariff: Tariff,
  toMs: number,
): Promise<AlertPreview> {
  const fromMs = nextDay(toMs - PREVIEW_MS);
  const gpus = history.gpus.list();
  const sumOf = (startMs: number, endMs: number, amountOf: (totals: Totals) => number): number =>
    gpus
      .map(({ uuid }) => history.totals(uuid, startMs, endMs))
      .reduce((sum, totals) => sum + (totals ? amountOf(totals) : 0), 0);
  let [fired, observedMs, hasPrice] = [0, 0, watches !== 'costToday'];
  for (let dayMs = fromMs; dayMs <= toMs; dayMs = nextDay(dayMs)) {
    await new Promise(setImmediate);
    const endMs = Math.min(nextDay(dayMs), toMs);
    const dayObservedMs = sumOf(dayMs, endMs, ({ observedMs: ms }) => ms);
    observedMs += dayObservedMs;
    let used = 0;
    let isOver = false;
    for (let hourMs = dayMs; dayObservedMs > 0 && hourMs < endMs; hourMs += HOUR_MS) {
      const energyJ = sumOf(hourMs, hourMs + HOUR_MS, (totals) => totals.energyJ);
      const { totalJ, cost, any } = priceSlots([{ fromMs: hourMs, ms: HOUR_MS, energyJ }], tariff);
      hasPrice ||= any;
      used += watches === 'costToday' ? cost : totalJ / 3.6e6;
      isOver ||= typeof limit === 'number' && used >= limit;
    }
    if (isOver) fired++;
  }
  const missing = observedMs === 0 ? 'nothing' : hasPrice ? null : 'noPrice';
  return { fired: missing ? 0 : fired, fromMs, toMs, observedMs, missing };
}
