import { compareAround, coolingTrend, type CoolingTrend, type NoTrend } from '../cooling/trend.ts';
import { healthInput } from '../health/input.ts';
import { judgeHealth, type HealthReport } from '../health/judge.ts';
import type { Store } from '../history/store.ts';
import { summariseExposure, type Exposure } from './exposure.ts';
import type { Band } from './families.ts';
import { cellsOf, dayOf, type Ledger, type Mark } from './ledger.ts';
import { MODEL_VERSION } from './model.ts';
import { odometerOf, type Odometer } from './odometer.ts';
import { addTally, emptyTally, sumTallies, type Tally } from './tally.ts';
import type { WearTracker } from './tracker.ts';

/** Everything that the wear page shows of one card. */
export type CardPage = {
  readonly odometer: Odometer;
  readonly health: HealthReport;
  readonly cooling: { readonly trend: CoolingTrend } | { readonly missing: NoTrend };
  /** the newest re-paste or cleaning: the trend begins after it */
  readonly sinceMark: Mark | undefined;
  /** R in the weeks after that mark relative to the weeks before it; undefined where either is too short */
  readonly beforeAfter: CoolingTrend['ratio'] | undefined;
  readonly marks: readonly Mark[];
  readonly exposure: Exposure | undefined;
  readonly limitW: number | undefined;
  readonly days: readonly { readonly dayMs: number; readonly hours: number; readonly silicon: Band }[];
  /** hours in the ledger that an older model version computed: counted by the odometer, left out of the model */
  readonly olderHours: number;
  /** 0–1 while the history is run again under a new model version */
  readonly replaying: number | undefined;
};

const DAYS_SHOWN = 400;
/** A day with less than this observed says nothing about the day. */
const LEAST_MS = 10 * 60_000;
const SHORT_DAY_MS = 30 * 86_400_000;

/** The silicon family of each day, so that exposure over time can be drawn. */
function daysOf(ledger: Ledger, current: Tally, currentMs: number): CardPage['days'] {
  const days = new Map<number, Tally>();
  const add = (dayMs: number, tally: Tally): void => {
    const sum = days.get(dayMs) ?? emptyTally();
    addTally(sum, tally);
    days.set(dayMs, sum);
  };
  for (const { hourMs, tally } of cellsOf(ledger, MODEL_VERSION)) add(dayOf(hourMs), tally);
  add(dayOf(currentMs), current);
  return [...days]
    .sort(([a], [b]) => a - b)
    .slice(-DAYS_SHOWN)
    .flatMap(([dayMs, tally]) => {
      const { families, observedHours } = summariseExposure(tally);
      return families.M1 && tally.observedMs >= LEAST_MS
        ? [{ dayMs, hours: observedHours, silicon: families.M1.rate }]
        : [];
    });
}

/** Gathers the page of one card; undefined for a card that was never seen. "Now" is the end of the history. */
export function cardPage(store: Store, wear: WearTracker, uuid: string, hearsXids: boolean): CardPage | undefined {
  const life = wear.lifeOf(uuid);
  if (!life) return undefined;
  const { ledger, current } = life;
  const nowMs = store.extent()?.toMs ?? 0;
  const marks = [...ledger.marks.values()].filter(({ removed }) => !removed).sort((a, b) => a.tsMs - b.tsMs);
  const sinceMark = marks.filter(({ kind }) => kind === 're-paste' || kind === 'cleaning').at(-1);
  const recent = sumTallies([
    ...[...ledger.hours.values()]
      .filter(({ hourMs }) => hourMs >= nowMs - SHORT_DAY_MS)
      .flatMap(({ parts }) => parts.map(({ tally }) => tally)),
    current,
  ]);
  const health = judgeHealth(
    healthInput(store, uuid, { throttled: recent.throttledMs, observedMs: recent.observedMs }, hearsXids, nowMs),
  );
  const slowdown = wear.slowdownOf(uuid);
  const found = coolingTrend([...ledger.windows.values()], {
    nowMs,
    ...(sinceMark ? { sinceMs: sinceMark.tsMs } : {}),
    slowdownC: slowdown,
  });
  const older = [...ledger.hours.values()]
    .flatMap(({ parts }) => parts)
    .filter(({ modelVersion }) => modelVersion !== MODEL_VERSION);
  return {
    odometer: odometerOf(ledger, current, nowMs),
    health,
    cooling: 'missing' in found ? { missing: found } : { trend: found },
    sinceMark,
    beforeAfter: sinceMark && compareAround([...ledger.windows.values()], sinceMark.tsMs, nowMs),
    marks,
    exposure: wear.exposureOf(uuid),
    limitW: wear.limitOf(uuid),
    days: daysOf(ledger, current, nowMs),
    olderHours: older.reduce((sum, { tally }) => sum + tally.observedMs, 0) / 3_600_000,
    replaying: wear.replayOf(uuid),
  };
}
