import { tQuantile } from '../distributions.ts';
import { coolingLevel, COOLING_LIMITS, fitLine } from './resistance.ts';
import { fitCooling } from './fit.ts';
import { DAY_MS, median, operatingPoints, splitByLoad, type OperatingPoint } from './operating-points.ts';
import type { SteadyWindow } from '../ledger/ledger-schema.ts';
import type { CoolingPoint, CoolingTrend, Interval, NoTrend } from './trend-schema.ts';

/** Baseline and comparison, in days and windows. Ours: see docs/wear-model.md. */
export const TREND = {
  windows: 20,
  baselineDays: 21,
  recentDays: 7,
  minDays: 3,
  confidence: 0.95,
} as const;

export type TrendOptions = {
  readonly nowMs: number;
  /** time of the newest cleaning or replacement of the thermal paste: the baseline begins after it */
  readonly sinceMs?: number;
  readonly slowdownC?: number | undefined;
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** 95 % interval of exp(log) for a standard error that comes from so many days. */
function intervalOf(log: number, standardError: number, days: number): Interval {
  const half = tQuantile(0.5 + TREND.confidence / 2, Math.max(2, days - 1)) * standardError;
  return { value: Math.exp(log), low: Math.exp(log - half), high: Math.exp(log + half) };
}

const scaled = ({ value, low, high }: Interval, by: (value: number) => number): Interval => ({
  value: by(value),
  low: by(low),
  high: by(high),
});

/** Logarithm of each point's rise relative to the baseline; not finite where it did not rise. */
type Risen = ReadonlyMap<OperatingPoint, number>;

/** Each day's rise relative to the baseline: the median of its points. */
function byDay(points: readonly OperatingPoint[], risen: Risen): { readonly day: number; readonly value: number }[] {
  const rose = points.filter((point) => Number.isFinite(risen.get(point)));
  return [...groupBy(rose, ({ day }) => day)]
    .map(([day, ofDay]) => ({ day, value: median(ofDay.map((point) => risen.get(point)!)) }))
    .sort((x, y) => x.day - y.day);
}

/** Temperatures are whole degrees, so no day is known better than this, even if its readings are equal. */
const DAY_FLOOR = 0.006;

function ratioOfDays(values: readonly number[]): Interval {
  const m = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - m) ** 2, 0) / Math.max(1, values.length - 1);
  return intervalOf(m, Math.sqrt(Math.max(variance, DAY_FLOOR ** 2) / values.length), values.length);
}

/**
 * Days until the limit is reached if R keeps rising at the same rate: a range from the interval of the slope. Undefined
 * where that interval includes 0 or its ends differ more than threefold.
 */
function daysToLimit(days: readonly { day: number; value: number }[], riseLog: number): CoolingTrend['daysToSlowdown'] {
  if (days.length < 10 || !(riseLog > 0)) return undefined;
  const meanDay = mean(days.map(({ day }) => day));
  const meanValue = mean(days.map(({ value }) => value));
  const sxx = days.reduce((sum, { day }) => sum + (day - meanDay) ** 2, 0);
  const slope = days.reduce((sum, { day, value }) => sum + (day - meanDay) * (value - meanValue), 0) / sxx;
  const residual = days.reduce((sum, { day, value }) => sum + (value - meanValue - slope * (day - meanDay)) ** 2, 0);
  const half = tQuantile(0.975, days.length - 2) * Math.sqrt(residual / (days.length - 2) / sxx);
  const [low, high] = [slope - half, slope + half];
  return low <= 0 || high / low > 3 ? undefined : { low: riseLog / high, high: riseLog / low };
}

const WEEK_MS = 7 * DAY_MS;

/** In the order in which the groups first come. */
function groupBy<T>(items: readonly T[], groupOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const group = groups.get(groupOf(item));
    if (group) group.push(item);
    else groups.set(groupOf(item), [item]);
  }
  return groups;
}

/** T = a + R·P over everything steady in one week, idle and loaded, by least squares. */
function airOf(here: readonly SteadyWindow[]) {
  const powers = here.map(({ powerW }) => powerW);
  const line = fitLineOf(here);
  if (!line || Math.max(...powers) < 2 * Math.min(...powers))
    return { effectiveAirC: undefined, idleOffsetK: undefined };
  const idle = here.filter(({ powerW }) => powerW <= 0.25 * Math.max(...powers));
  return {
    effectiveAirC: line.intercept,
    idleOffsetK: idle.length === 0 ? undefined : median(idle.map(({ coreC }) => coreC)) - line.intercept,
  };
}

const fitLineOf = (windows: readonly SteadyWindow[]) =>
  fitLine(
    windows.map(({ powerW }) => powerW),
    windows.map(({ coreC }) => coreC),
  );

/**
 * How a card's cooling compares with its own baseline: the first three weeks with enough steady windows (after the newest
 * cleaning or replacement of the thermal paste) against the last one, or the last two where it has too few days.
 */
export function coolingTrend(windows: readonly SteadyWindow[], options: TrendOptions): CoolingTrend | NoTrend {
  const { nowMs, sinceMs = -Infinity, slowdownC } = options;
  const own = windows.filter(({ tsMs }) => tsMs >= sinceMs && tsMs <= nowMs);
  const points = operatingPoints(own);
  if (points.length < TREND.windows) {
    const idle = splitByLoad(own).idle.length;
    if (own.length >= TREND.windows && idle < TREND.minDays) {
      return { missing: 'idle-windows', found: idle, needed: TREND.minDays };
    }
    return { missing: 'load-windows', found: points.length, needed: TREND.windows };
  }
  const startMs = points[0]!.tsMs;
  const baseToMs = Math.max(startMs + TREND.baselineDays * DAY_MS, points[TREND.windows - 1]!.tsMs + 1);
  const daysFrom = (fromMs: number): number =>
    new Set(points.filter(({ tsMs }) => tsMs >= fromMs).map(({ day }) => day)).size;
  const weekAgoMs = Math.max(nowMs - TREND.recentDays * DAY_MS, baseToMs);
  const recentFromMs =
    daysFrom(weekAgoMs) >= TREND.minDays ? weekAgoMs : Math.max(nowMs - 2 * TREND.recentDays * DAY_MS, baseToMs);
  const base = points.filter(({ tsMs }) => tsMs < baseToMs);
  const recent = points.filter(({ tsMs }) => tsMs >= recentFromMs);
  const fit = fitCooling(base, recent);
  if (!fit || fit.days < TREND.minDays) {
    return { missing: 'recent-windows', found: fit?.days ?? 0, needed: TREND.minDays };
  }
  const ratio = intervalOf(fit.logRatio, fit.standardError, fit.days);
  const risen: Risen = new Map(points.map((point) => [point, Math.log(point.riseK / fit.expectedK(point))]));
  const baseDays = byDay(base, risen);
  const powerW = median(recent.map(({ loadW }) => loadW));
  // the card at this power in its baseline: between what its recent points at about this power would have shown
  const expectedK = median(recent.map((point) => (fit.expectedK(point) / point.loadW) * powerW));
  const resistance = expectedK / powerW;

  const weekOf = (tsMs: number): number => Math.floor((tsMs - startMs) / WEEK_MS);
  const pointsByWeek = groupBy(points, ({ tsMs }) => weekOf(tsMs));
  const windowsByWeek = groupBy(own, ({ tsMs }) => weekOf(tsMs));
  const weeks = [...pointsByWeek].flatMap(([week, ofWeek]): CoolingPoint[] => {
    const days = byDay(ofWeek, risen);
    if (days.length < 2) return [];
    const ofWeekRatio = ratioOfDays(days.map(({ value }) => value));
    const fromMs = startMs + week * WEEK_MS;
    return [
      {
        fromMs,
        toMs: fromMs + WEEK_MS,
        ratio: ofWeekRatio,
        resistance: scaled(ofWeekRatio, (r) => r * resistance),
        ...airOf(windowsByWeek.get(week) ?? []),
      },
    ];
  });

  const hottest = median(recent.map(({ coreC }) => coreC));
  const nowK = expectedK * ratio.value;
  const riseLog = slowdownC === undefined ? Number.NaN : Math.log((nowK + slowdownC - hottest) / nowK);
  return {
    // a limit counts as reached unless 95 % of the evidence is below it; otherwise a rise of exactly the limit would be
    // missed half the time. The interval must exclude “no rise” in any case
    level: coolingLevel(ratio.value * Math.exp(1.64 * fit.standardError), ratio.low > 1, COOLING_LIMITS),
    ratio,
    baseline: { fromMs: startMs, toMs: baseToMs, windows: base.length, days: baseDays.length },
    recent: { fromMs: recentFromMs, toMs: nowMs, windows: recent.length, days: byDay(recent, risen).length },
    hotter: { powerW, kelvins: scaled(ratio, (r) => (r - 1) * expectedK) },
    weeks,
    daysToSlowdown: daysToLimit(byDay(points, risen), riseLog),
  };
}

/** R in the weeks after a mark relative to the weeks before it; undefined where either has too few days. */
export function compareAround(windows: readonly SteadyWindow[], markMs: number, nowMs: number): Interval | undefined {
  const points = operatingPoints(windows.filter(({ tsMs }) => tsMs <= nowMs));
  const spanMs = TREND.baselineDays * DAY_MS;
  const fit = fitCooling(
    points.filter(({ tsMs }) => tsMs < markMs && tsMs >= markMs - spanMs),
    points.filter(({ tsMs }) => tsMs >= markMs && tsMs < markMs + spanMs),
  );
  return fit && fit.days >= TREND.minDays ? intervalOf(fit.logRatio, fit.standardError, fit.days) : undefined;
}
