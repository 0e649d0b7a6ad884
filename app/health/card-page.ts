import { compareAround, coolingTrend, type CoolingTrend, type NoTrend } from '../wear/cooling/trend.ts';
import { healthInput } from './input.ts';
import { judgeHealth, type HealthReport } from './judge.ts';
import type { History } from '../history/history.ts';
import { summariseExposure, type Exposure } from '../wear/exposure.ts';
import type { Band } from '../wear/families.ts';
import { cellsOf, dayOf, inOrder, type Ledger, type Mark } from '../wear/ledger/ledger.ts';
import { MODEL_VERSION } from '../wear/model.ts';
import { odometerOf, pastOf, type Odometer, type Past } from '../wear/ledger/odometer.ts';
import { addTally, emptyTally, sumTallies, type Tally } from '../wear/tally.ts';
import type { WearTracker } from '../wear/tracker.ts';

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
const HOUR_MS = 3_600_000;
const RECENT_MS = 30 * 24 * HOUR_MS;

/** What the ledger says, whatever the moment: computed once for each thing that is written into it. */
type Known = {
  readonly ledger: Ledger;
  readonly revision: number;
  readonly past: Past;
  /** sum of the hours of the last 30 days */
  readonly recent: Tally;
  readonly days: ReadonlyMap<number, Tally>;
  readonly olderHours: number;
  readonly marks: readonly Mark[];
  readonly sinceMark: Mark | undefined;
  readonly cooling: CardPage['cooling'];
  readonly beforeAfter: CardPage['beforeAfter'];
};

function know(ledger: Ledger, revision: number, nowMs: number, slowdownC: number | undefined): Known {
  const days = new Map<number, Tally>();
  for (const { hourMs, tally } of cellsOf(ledger, MODEL_VERSION)) addToDay(days, hourMs, tally);
  const cells = [...ledger.hours.values()].flatMap(({ parts }) => parts);
  const marks = inOrder(ledger.marks).filter(({ removed }) => !removed);
  const sinceMark = marks.filter(({ kind }) => kind === 're-paste' || kind === 'cleaning').at(-1);
  const windows = [...ledger.windows.values()];
  const found = coolingTrend(windows, { nowMs, ...(sinceMark ? { sinceMs: sinceMark.tsMs } : {}), slowdownC });
  return {
    ledger,
    revision,
    past: pastOf(ledger),
    recent: sumTallies(cells.filter(({ hourMs }) => hourMs >= nowMs - RECENT_MS).map(({ tally }) => tally)),
    days,
    olderHours:
      cells
        .filter(({ modelVersion }) => modelVersion !== MODEL_VERSION)
        .reduce((sum, { tally }) => sum + tally.observedMs, 0) / HOUR_MS,
    marks,
    sinceMark,
    cooling: 'missing' in found ? { missing: found } : { trend: found },
    beforeAfter: sinceMark && compareAround(windows, sinceMark.tsMs, nowMs),
  };
}

function addToDay(days: Map<number, Tally>, tsMs: number, tally: Tally): void {
  const day = dayOf(tsMs);
  const sum = days.get(day) ?? emptyTally();
  addTally(sum, tally);
  days.set(day, sum);
}

/** The silicon family of each day, so that exposure over time can be drawn. */
function daysOf(known: ReadonlyMap<number, Tally>, current: Tally, currentMs: number): CardPage['days'] {
  const days = new Map(known);
  const today = dayOf(currentMs);
  days.set(today, sumTallies([...(days.has(today) ? [days.get(today)!] : []), current]));
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

/**
 * Gathers the page of a card; undefined for a card that was never seen. "Now" is the end of the history. The page is asked
 * for every few seconds, and years of a ledger take most of a second to add up: that is done when it changes.
 */
export function createCardPages(
  history: History,
  wear: WearTracker,
  hearsXids: boolean,
): (uuid: string) => CardPage | undefined {
  const known = new Map<string, Known>();
  return (uuid) => {
    const life = wear.lifeOf(uuid);
    if (!life) return undefined;
    const { ledger, revision, current } = life;
    const nowMs = history.extent()?.toMs ?? 0;
    let it = known.get(uuid);
    if (it?.ledger !== ledger || it.revision !== revision) {
      known.set(uuid, (it = know(ledger, revision, nowMs, wear.slowdownOf(uuid))));
    }
    const { past, days, recent, marks, sinceMark, cooling, beforeAfter, olderHours } = it;
    const throttled = sumTallies([recent, current]);
    return {
      odometer: odometerOf(past, current, nowMs),
      health: judgeHealth(
        healthInput(
          history,
          uuid,
          { throttled: throttled.throttledMs, observedMs: throttled.observedMs },
          hearsXids,
          nowMs,
        ),
      ),
      cooling,
      sinceMark,
      beforeAfter,
      marks,
      exposure: wear.exposureOf(uuid),
      limitW: wear.limitOf(uuid),
      days: daysOf(days, current, nowMs),
      olderHours,
      replaying: wear.replayOf(uuid),
    };
  };
}
