import type { Convert } from './columns.ts';
import { parseDate, parseSmiWall, parseTime, parseUtcOffset, type DateOrder } from './stamps.ts';

/** Units of a time, in ms. */
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|msecs?|milliseconds?)$/i, 1],
  [/^(?:s|secs?|seconds?)$/i, 1000],
  [/^(?:m|mins?|minutes?)$/i, 60_000],
  [/^(?:h|hrs?|hours?)$/i, 3_600_000],
  [/^(?:us|µs|microseconds?)$/i, 1e-3],
  [/^(?:ns|nanoseconds?)$/i, 1e-6],
];

/** Converts a number in a unit of time to ms. */
export function unitOfTime(unit: string): Convert | undefined {
  const factor = UNITS.find(([pattern]) => pattern.test(unit))?.[1];
  return factor === undefined ? undefined : (value) => value * factor;
}

/** ms of a number without a unit. Its size decides: seconds, ms, µs or ns since 1970 or since the start. */
function sized(value: number): number {
  const size = Math.abs(value);
  return size < 1e11 ? value * 1000 : size < 1e14 ? value : size < 1e17 ? value / 1e3 : value / 1e6;
}

/**
 * A moment as a program wrote it: on the clock on the wall of its place (ms as if that were UTC), in ms since 1970 or
 * since the start of the log, or in ms since an unnamed midnight.
 */
export type Moment = { readonly wallMs: number } | { readonly tsMs: number } | { readonly dayMs: number };

const DATED =
  /^(\d{1,4}[./-]\d{1,2}[./-]\d{1,4})\.?(?:T|[ ,]+)(\d{1,2}:\d\d?(?::\d\d?(?:[.,]\d{1,9})?)?(?: ?[AP]\.?M\.?)?) ?(Z|UTC|[+-]\d\d:?\d\d)?$/i;

/** "14:05" is "14:05:00". */
const wholeTime = (time: string): number | undefined => parseTime(/^\d+:\d+$/.test(time) ? `${time}:00` : time);

/** @param unit converts a number to ms; undefined: its size decides */
export function parseMoment(text: string, order: DateOrder, unit?: Convert): Moment | undefined {
  if (/^[-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?$/i.test(text)) {
    const value = Number(text.replace(',', '.'));
    return { tsMs: unit ? unit(value) : sized(value) };
  }
  const dayMs = wholeTime(text);
  if (dayMs !== undefined) return { dayMs };
  const [, date, time, zone] = DATED.exec(text) ?? [];
  if (date === undefined) {
    const wallMs = parseSmiWall(text);
    return wallMs === undefined ? undefined : { wallMs };
  }
  const day = parseDate(date, /^\d{4}/.test(date) ? 'ymd' : order);
  const timeMs = wholeTime(time!);
  if (day === undefined || timeMs === undefined) return undefined;
  return zone === undefined ? { wallMs: day + timeMs } : { tsMs: day + timeMs - parseUtcOffset(zone)! };
}

/** Where a line has a date in an order that depends on the country, that date and the time after it. */
export function datedIn(line: string): { readonly date: string; readonly time: string } | undefined {
  const match = /(?:^|[,;\t" ])(\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\.?["T,;\t ]+(\d{1,2}:[^,;\t"]*)/.exec(line);
  return match ? { date: match[1]!, time: match[2]!.trim() } : undefined;
}
