import type { History } from '../history/history.ts';
import type { SteadyWindow } from '../wear/ledger/ledger-schema.ts';
import { coolingTrend } from '../wear/cooling/trend.ts';
import { priceSlots, type Tariff } from '../workload/energy/tariff.ts';
import type { SlowCardFacts } from './card-facts.ts';
import { DOES_NOT_APPLY } from './facts.ts';
import { HOUR_MS, MINUTE_MS } from './rule-row.ts';
import { USUAL, usualOf, type Usual } from './usual.ts';

const DAY_MS = 24 * HOUR_MS;
/** how old the energy of the day may be */
const TODAY_MS = 5 * MINUTE_MS;

export type SlowFactsOptions = {
  readonly history: Pick<History, 'gpus' | 'range' | 'totals'>;
  readonly windowsOf: (gpuUuid: string) => { readonly windows: readonly SteadyWindow[]; readonly sinceMs?: number };
  readonly tariff: () => Tariff;
};

/** The energy of each hour of a day, of all cards together. Hours that are over are added up once. */
type Today = { readonly startMs: number; readonly hours: Map<number, number>; atMs: number };

/** Midnight before a moment, local time. */
export function startOfDay(nowMs: number): number {
  const day = new Date(nowMs);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/**
 * Facts that take more than a tick's work: how hot a card usually is, its cooling trend (once a day), and the energy of the
 * day (every five minutes). `step` does one of them, so that no tick waits long.
 */
export function createSlowFacts({ history, windowsOf, tariff }: SlowFactsOptions) {
  const cards = new Map<
    string,
    { readonly atMs: number; readonly usual: Usual; readonly coolingWorseK: number | undefined }
  >();
  let today: Today | undefined;

  function usual(gpuUuid: string, nowMs: number): Usual {
    const toMs = Math.floor((nowMs - USUAL.skippedDays * DAY_MS) / MINUTE_MS) * MINUTE_MS;
    const fromMs = toMs - USUAL.days * DAY_MS;
    const buckets = (toMs - fromMs) / MINUTE_MS; // so that a slice is a minute
    const range = history.range({ gpuUuid, metrics: ['powerW', 'coreTempC'], fromMs, toMs, buckets });
    const [power, temp] = [range?.series.powerW?.mean, range?.series.coreTempC?.mean];
    return power && temp ? usualOf(range!.fromMs, range!.stepMs, power, temp) : () => undefined;
  }

  /** undefined: no trend yet. Where the trend is not sure, nothing is worse. */
  function coolingWorse(gpuUuid: string, nowMs: number): number | undefined {
    const { windows, sinceMs } = windowsOf(gpuUuid);
    const trend = coolingTrend(windows, { nowMs, ...(sinceMs === undefined ? {} : { sinceMs }) });
    if ('missing' in trend) return undefined;
    return trend.level === 'ok' ? DOES_NOT_APPLY : trend.hotter.kelvins.value;
  }

  function addUpToday(nowMs: number): void {
    const startMs = startOfDay(nowMs);
    if (today?.startMs !== startMs) today = { startMs, hours: new Map(), atMs: nowMs };
    const lastMs = today.atMs;
    today.atMs = nowMs;
    for (let hourMs = startMs; hourMs <= nowMs; hourMs += HOUR_MS) {
      if (today.hours.has(hourMs) && hourMs + HOUR_MS <= lastMs) continue; // it was over when it was added up
      const joules = history.gpus
        .list()
        .map(({ uuid }) => history.totals(uuid, hourMs, hourMs + HOUR_MS)?.energyJ ?? 0)
        .reduce((sum, energyJ) => sum + energyJ, 0);
      today.hours.set(hourMs, joules);
    }
  }

  return {
    card: (gpuUuid: string): SlowCardFacts => cards.get(gpuUuid) ?? {},
    /** undefined: not added up yet; no cost where no price is set */
    today(): { readonly energyTodayKwh?: number; readonly costToday?: number } {
      if (!today) return {};
      const slots = [...today.hours].map(([fromMs, energyJ]) => ({ fromMs, ms: HOUR_MS, energyJ }));
      const { totalJ, cost, any } = priceSlots(slots, tariff());
      return { energyTodayKwh: totalJ / 3.6e6, ...(any && { costToday: cost }) };
    },
    /**
     * @param wantsToday whether a rule watches the energy of the day
     * @returns whether anything was done
     */
    step(nowMs: number, wantsToday: boolean): boolean {
      const due = history.gpus.list().find(({ uuid }) => !(nowMs - (cards.get(uuid)?.atMs ?? -Infinity) < DAY_MS));
      if (due) {
        const { uuid } = due;
        cards.set(uuid, { atMs: nowMs, usual: usual(uuid, nowMs), coolingWorseK: coolingWorse(uuid, nowMs) });
        return true;
      }
      if (!wantsToday || (today && nowMs - today.atMs < TODAY_MS && startOfDay(nowMs) === today.startMs)) return false;
      addUpToday(nowMs);
      return true;
    },
  };
}

export type SlowFacts = ReturnType<typeof createSlowFacts>;
