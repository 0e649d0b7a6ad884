import { zoneOf, type Zone } from '../../core/zone.ts';

const HOUR_MS = 3_600_000;

/** A time as a file has it: by the clock of a zone, with its distance from UTC where the file states it. */
export type Stamp = { readonly wallMs: number; readonly offsetMs?: number };

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.0+)?)?(Z|[+-]\d\d:?\d\d)?$/;
const DAY_FIRST = /^(\d\d)[./](\d\d)[./](\d{4}) (\d\d):(\d\d)(?::(\d\d))?(?: \((\w{3,4})\))?$/;
/** Hours ahead of UTC of the names that exports print beside ambiguous times. */
const NAMED: Readonly<Record<string, number>> = { UTC: 0, WET: 0, WEST: 1, CET: 1, CEST: 2, EET: 2, EEST: 3 };

function offsetOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === 'Z') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? [];
  if (hours !== undefined) return (sign === '-' ? -1 : 1) * (Number(hours) + Number(minutes) / 60) * HOUR_MS;
  const named = NAMED[text];
  return named === undefined ? undefined : named * HOUR_MS;
}

/** "2026-01-31T13:00+01:00", "31/01/2026 13:00:00 (CET)", "31.01.2026 13:00". Day and month are never guessed. */
export function parseStamp(text: string): Stamp | undefined {
  const iso = ISO.exec(text);
  const [, a, b, c, hour, minute, second = '0', zone] = iso ?? DAY_FIRST.exec(text) ?? [];
  if (a === undefined) return undefined;
  const [year, month, day] = (iso ? [a, b, c] : [c, b, a]).map(Number) as [number, number, number];
  const wallMs = Date.UTC(year, month - 1, day, Number(hour), Number(minute), Number(second));
  const back = new Date(wallMs);
  const exists = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && back.getUTCHours() === Number(hour);
  if (!exists || Number(minute) > 59 || Number(second) > 59) return undefined;
  const offsetMs = offsetOf(zone);
  if (zone !== undefined && offsetMs === undefined) return undefined;
  return { wallMs, ...(offsetMs !== undefined && { offsetMs }) };
}

/** The moments that a stamp can mean, in order. */
export function momentsOf({ wallMs, offsetMs }: Stamp, zone: Zone | undefined): readonly number[] {
  if (offsetMs !== undefined) return [wallMs - offsetMs];
  return zone?.momentsOf(wallMs) ?? [];
}

/**
 * Zones that exports name in their header. All of Central Europe changes its clocks at the same moments, so any of
 * its cities will do.
 */
export function zoneInHeader(text: string): Zone | undefined {
  const cities: Readonly<Record<string, string>> = {
    UTC: 'UTC',
    'WET/WEST': 'Europe/Lisbon',
    'CET/CEST': 'Europe/Brussels',
    'EET/EEST': 'Europe/Helsinki',
  };
  const city = cities[text];
  return city === undefined ? undefined : zoneOf(city);
}
