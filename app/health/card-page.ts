import { compareAround, coolingTrend } from '../wear/cooling/trend.ts';
import type { CardPage } from './card-page-schema.ts';
import { healthInput } from './input.ts';
import { judgeHealth } from './judge.ts';
import type { History } from '../history/history.ts';
import { summariseExposure } from '../wear/exposure.ts';
import { cellsOf, cleaningOf, dayOf, inOrder, type Ledger } from '../wear/ledger/ledger.ts';
import { MODEL_VERSION } from '../wear/model.ts';
import { odometerOf, pastOf, type Past } from '../wear/ledger/odometer.ts';
import { addTally, emptyTally, sumTallies, type EndedTally, type Tally } from '../wear/tally.ts';
import type { WearTracker } from '../wear/tracker.ts';

const DAYS_SHOWN = 400;
const HOUR_MS = 3_600_000;

/** The figures of a ledger that do not depend on the current time. They are computed once per change of the ledger. */
type LedgerFigures = {
  readonly ledger: Ledger;
  readonly revision: number;
  readonly past: Past;
  readonly days: ReadonlyMap<number, Tally>;
  readonly olderHours: number;
  readonly marks: CardPage['marks'];
  readonly sinceMark: CardPage['sinceMark'];
  readonly cooling: CardPage['cooling'];
  readonly beforeAfter: CardPage['beforeAfter'];
};

function figuresOf(ledger: Ledger, revision: number, nowMs: number, slowdownC: number | undefined): LedgerFigures {
  const days = new Map<number, Tally>();
  for (const { hourMs, tally } of cellsOf(ledger, MODEL_VERSION)) addToDay(days, hourMs, tally);
  const cells = [...ledger.hours.values()].flatMap(({ cells }) => cells);
  const marks = inOrder(ledger.marks).filter(({ removed }) => !removed);
  const sinceMark = cleaningOf(ledger);
  const windows = [...ledger.windows.values()];
  const found = coolingTrend(windows, { nowMs, ...(sinceMark ? { sinceMs: sinceMark.tsMs } : {}), slowdownC });
  return {
    ledger,
    revision,
    past: pastOf(ledger),
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

function addToDay(days: Map<number, Tally>, tsMs: number, tally: EndedTally): void {
  const day = dayOf(tsMs);
  const sum = days.get(day) ?? emptyTally();
  addTally(sum, tally);
  days.set(day, sum);
}

/** The silicon family of each day with enough observed time, so that exposure over time can be drawn. */
function daysOf(ended: ReadonlyMap<number, Tally>, current: Tally, currentMs: number): CardPage['days'] {
  const days = new Map(ended);
  const today = dayOf(currentMs);
  days.set(today, sumTallies([...(days.has(today) ? [days.get(today)!] : []), current]));
  return [...days]
    .sort(([a], [b]) => a - b)
    .slice(-DAYS_SHOWN)
    .flatMap(([dayMs, tally]) => {
      const { families, observedHours } = summariseExposure(tally);
      const silicon = families.M1?.rate;
      return silicon ? [{ dayMs, hours: observedHours, silicon }] : [];
    });
}

/**
 * Collects the page of a card; undefined for a card that was never seen. "Now" is the end of the history. The window asks
 * for the page every few seconds. Adding up years of a ledger takes most of a second, so that is done only when it changes.
 * @param hearsXids whether the source reports driver errors; if not, the absence of errors proves nothing
 */
export function createCardPages(
  history: History,
  wear: WearTracker,
  hearsXids: boolean,
): (uuid: string) => CardPage | undefined {
  const figures = new Map<string, LedgerFigures>();
  return (uuid) => {
    const life = wear.lifeOf(uuid);
    if (!life) return undefined;
    const { ledger, revision, current } = life;
    const nowMs = history.extent()?.toMs ?? 0;
    let it = figures.get(uuid);
    if (it?.ledger !== ledger || it.revision !== revision) {
      figures.set(uuid, (it = figuresOf(ledger, revision, nowMs, wear.slowdownOf(uuid))));
    }
    const { past, days, marks, sinceMark, cooling, beforeAfter, olderHours } = it;
    return {
      odometer: odometerOf(past, current, nowMs),
      health: judgeHealth(healthInput(history, uuid, hearsXids, nowMs)),
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
