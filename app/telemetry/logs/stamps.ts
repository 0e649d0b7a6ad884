import { text as sentence } from '../../core/i18n.ts';
import type { AppError } from '../../core/result.ts';

// Date and time as other programs write them: local, and in an order that depends on the country.

export const dateOrders = ['dmy', 'mdy', 'ymd'] as const;
export type DateOrder = (typeof dateOrders)[number];

/** Before the first GPU: an earlier stamp is of a clock that was not set, or counts from the start of the log. */
export const OLDEST_MS = Date.UTC(2000, 0, 1);

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

type Numbers = readonly [number, number, number];

/** "9.6.2026", "2026-06-09", "06/09/26": the orders in which its numbers can be a date at all. */
function readings(text: string): { readonly orders: readonly DateOrder[]; readonly numbers: Numbers } | undefined {
  const match = /^(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})\.?$/.exec(text.trim());
  if (!match) return undefined;
  const numbers = [Number(match[1]), Number(match[3]), Number(match[4])] as const;
  const [first, last] = [match[1]!.length, match[4]!.length];
  if (first === 4 && last <= 2) return { orders: ['ymd'], numbers };
  if (first > 2 || last === 3) return undefined;
  // no locale of the CLDR writes the month first between full stops
  if (last === 4) return { orders: match[2] === '.' ? ['dmy'] : ['dmy', 'mdy'], numbers };
  return { orders: match[2] === '.' ? ['dmy', 'ymd'] : dateOrders, numbers };
}

function dayOf([a, b, c]: Numbers, order: DateOrder): number | undefined {
  const [year, month, day] = order === 'ymd' ? [a, b, c] : order === 'dmy' ? [c, b, a] : [c, a, b];
  const full = year < 100 ? 2000 + year : year;
  const ms = Date.UTC(full, month - 1, day);
  const back = new Date(ms);
  return back.getUTCMonth() === month - 1 && back.getUTCDate() === day ? ms : undefined;
}

/** Midnight of a date as if its place were at UTC, or undefined where the text is no date in that order. */
export function parseDate(text: string, order: DateOrder): number | undefined {
  const read = readings(text);
  return read?.orders.includes(order) ? dayOf(read.numbers, order) : undefined;
}

/** "18:41:07", "9:05:00.250", "1:02:03,5 PM", and without leading zeros "14:0:7.5": milliseconds since midnight. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3})\d*)?(?:\s*([AP])\.?M\.?)?$/i.exec(text.trim());
  if (!match) return undefined;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const half = match[5]?.toUpperCase();
  if (minute > 59 || second > 59 || hour > (half ? 12 : 23) || (half && hour === 0)) return undefined;
  const hours = half ? (hour % 12) + (half === 'P' ? 12 : 0) : hour;
  return hours * HOUR_MS + minute * MINUTE_MS + second * 1000 + Number((match[4] ?? '0').padEnd(3, '0'));
}

/** One date of a log with the times of its first and last row. */
type Day = { readonly text: string; readonly fromMs: number; toMs: number };

/** Enough for one row per day over a decade; if there are more, the first ones decide. */
const MAX_DAYS = 5000;

export type DateSurvey = {
  readonly add: (date: string, timeMs: number) => void;
  /** the orders in which all dates of the log can be read: one = settled, several = a person must say */
  readonly orders: () => readonly DateOrder[];
  /** whether it has several dates: if not, every order gives the same steps of time */
  readonly severalDays: () => boolean;
  /** a date that can be read in several ways, for the question */
  readonly example: () => string;
};

/**
 * Finds the order of a log's dates from all its rows. A row that can be read in only one way settles it. Otherwise the
 * sequence of the rows does: time moves forward, no row lies in the future, and a log that runs past midnight continues
 * with the next day.
 */
export function createDateSurvey(nowMs: number): DateSurvey {
  const days: Day[] = [];
  const add = (text: string, timeMs: number): void => {
    const last = days.at(-1);
    if (last?.text === text) last.toMs = timeMs;
    else if (days.length < MAX_DAYS && readings(text)) days.push({ text, fromMs: timeMs, toMs: timeMs });
  };

  function judge(order: DateOrder): { readonly forwards: boolean; readonly throughMidnight: boolean } {
    let forwards = true;
    let throughMidnight = false;
    let before: number | undefined;
    for (const { text, fromMs, toMs } of days) {
      const day = parseDate(text, order)!;
      if (before !== undefined) {
        // an hour back is the end of summer time, not another order
        if (day + fromMs < before - HOUR_MS) forwards = false;
        else if (day + fromMs - before < HOUR_MS) throughMidnight = true;
      }
      if (day > nowMs + DAY_MS) forwards = false;
      before = day + toMs;
    }
    return { forwards, throughMidnight };
  }

  function orders(): readonly DateOrder[] {
    const possible = dateOrders.filter((order) => days.every(({ text }) => parseDate(text, order) !== undefined));
    const [first] = possible;
    if (first && days.every(({ text }) => possible.every((it) => parseDate(text, it) === parseDate(text, first)))) {
      return [first]; // 5/5/2026 reads the same either way
    }
    const verdicts = possible.map((order) => ({ order, ...judge(order) }));
    const forwards = verdicts.filter((verdict) => verdict.forwards);
    const through = forwards.filter((verdict) => verdict.throughMidnight);
    const left = through.length > 0 ? through : forwards.length > 0 ? forwards : verdicts;
    return left.length > 0 ? left.map(({ order }) => order) : dateOrders;
  }

  return {
    add,
    orders,
    severalDays: () => new Set(days.map(({ text }) => text)).size > 1,
    example: () => days.find(({ text }) => readings(text)!.orders.length > 1)?.text ?? days[0]?.text ?? '',
  };
}

/** The error for a log whose dates can be read in several ways. */
export const ambiguousDates = (file: string, dates: DateSurvey): AppError => ({
  code: 'invalid-argument',
  message: sentence('telemetry.log.ambiguousDates', { file, count: dates.orders().length, example: dates.example() }),
  next: sentence('telemetry.log.chooseOrder', {
    orders: dates
      .orders()
      .map((order) => `--date-order ${order}`)
      .join(sentence('telemetry.log.or')),
  }),
});

const localOf = (wallMs: number): number => {
  const wall = new Date(wallMs);
  return new Date(
    wall.getUTCFullYear(),
    wall.getUTCMonth(),
    wall.getUTCDate(),
    wall.getUTCHours(),
    wall.getUTCMinutes(),
    wall.getUTCSeconds(),
    wall.getUTCMilliseconds(),
  ).getTime();
};

const wallOf = (ms: number): number => ms - new Date(ms).getTimezoneOffset() * MINUTE_MS;

/**
 * From the clock on the wall, as a log has it, to ms since 1970: in the time zone of this machine, or at a fixed offset
 * from UTC. One instance a file, fed with its rows in order: in the hour that the end of summer time repeats, a stamp
 * that goes back belongs to the second pass.
 */
export function createStamps(utcOffsetMs?: number): (wallMs: number) => number {
  let previousMs = -Infinity;
  return (wallMs) => {
    if (utcOffsetMs !== undefined) return wallMs - utcOffsetMs;
    const first = localOf(wallMs);
    const second = first + HOUR_MS;
    previousMs = previousMs - first > MINUTE_MS && wallOf(second) === wallMs ? second : first;
    return previousMs;
  };
}

/** "+02:00", "-0530", "UTC", "Z": milliseconds ahead of UTC. */
export function parseUtcOffset(text: string): number | undefined {
  if (/^(?:utc|z)$/i.test(text)) return 0;
  const match = /^(?:utc)?([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(text.trim());
  if (!match) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return minutes > 14 * 60 ? undefined : (match[1] === '-' ? -1 : 1) * minutes * MINUTE_MS;
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The clock on the wall in a stamp of nvidia-smi: "2023/07/08 19:27:36.359" or "Thu Aug  6 01:03:40 2026". */
export function parseSmiWall(text: string | undefined): number | undefined {
  const [, date, time] = /^(\d{4}\/\d\d\/\d\d) (\S+)$/.exec(text ?? '') ?? [];
  const named = /^\w{3} (\w{3}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4})$/.exec(text ?? '');
  const day = named
    ? parseDate(`${named[4]}/${months.indexOf(named[1]!) + 1}/${named[2]}`, 'ymd')
    : date && parseDate(date, 'ymd');
  const timeMs = parseTime(named?.[3] ?? time ?? '');
  return typeof day !== 'number' || timeMs === undefined ? undefined : day + timeMs;
}

/** A stamp of nvidia-smi, in the time zone of this machine: ms since 1970. */
export function parseSmiTimestamp(text: string | undefined): number | undefined {
  const wallMs = parseSmiWall(text);
  return wallMs === undefined ? undefined : localOf(wallMs);
}
