import { splitCells, type Delimiter } from '../../telemetry/logs/columns.ts';
import { text } from '../../core/i18n.ts';
import { err, ok, type Err, type Result } from '../../core/result.ts';
import { zoneOf, type Zone } from '../../core/zone.ts';
import { MINUTE_MS } from '../energy/slots.ts';
import { layoutOf, type Line, type PriceFormat, type Table } from './formats.ts';
import { tableOfJson } from './json-formats.ts';
import type { PriceSlice } from './market.ts';
import { momentsOf, parseStamp } from './stamp.ts';

export type DecodedPrices = {
  readonly format: PriceFormat;
  readonly series: string;
  readonly currency: string;
  /** in order, without overlap */
  readonly slices: readonly PriceSlice[];
  /** times of the file without a price */
  readonly missing: number;
};

export type DecodeOptions = {
  /** the series to take from a file with several */
  readonly series?: string | undefined;
  /** the IANA time zone of stamps that do not name one */
  readonly zone?: string | undefined;
};

const DAY_MS = 86_400_000;
const HIGHEST = 100; // per kWh: beyond it the unit was misread
/** How exports write that there is no price. */
const NONE = /^(?:|-|n\/e|n\/a|null|nan)$/i;

const refuse = (message: string, next: string): Err => err('recording-unreadable', message, next);

const delimiterOf = (header: string): Delimiter =>
  ([';', '\t', ','] as const).find((char) => header.includes(char)) ?? ',';

/** "-1.234,50" and "-1234.50"; undefined: no number. */
function numberOf(cell: string): number | undefined {
  const plain = cell.includes(',') ? cell.replaceAll('.', '').replace(',', '.') : cell;
  return /^-?\d+(?:\.\d+)?$/.test(plain) ? Number(plain) : undefined;
}

/** The rows of the wanted series, of its main auction. */
function chosen(lines: readonly Line[], wanted: string | undefined): Result<readonly Line[]> {
  const names = [...new Set(lines.map(({ series }) => series))];
  const series = wanted ?? (names.length === 1 ? names[0] : undefined);
  const list = names.join(', ');
  if (series === undefined) return refuse(text('prices.file.several', { list }), text('prices.file.severalNext'));
  const its = lines.filter((line) => line.series === series);
  if (its.length === 0) return refuse(text('prices.file.noSeries', { series, list }), text('prices.file.severalNext'));
  const main = Math.min(...new Set(its.map(({ auction = 0 }) => auction)));
  return ok(its.filter(({ auction = 0 }) => auction === main));
}

type Timed = { readonly line: Line; readonly fromMs: number; readonly price: number | undefined };

/** When each row begins. In the hour that the end of summer time repeats, the second of two equal stamps is the later one. */
function timed(lines: readonly Line[], zone: Zone | undefined, perKwh: number): Result<Timed[]> {
  const first = parseStamp(lines[0]!.from);
  const last = parseStamp(lines.at(-1)!.from);
  const ordered = first && last && last.wallMs < first.wallMs ? lines.toReversed() : lines; // some are newest first
  const rows: Timed[] = [];
  for (const line of ordered) {
    const stamp = parseStamp(line.from);
    const where = { line: line.number, stamp: line.from };
    if (!stamp) return refuse(text('prices.file.stamp', where), text('prices.file.stampNext'));
    if (stamp.offsetMs === undefined && !zone)
      return refuse(text('prices.file.noZone', where), text('prices.file.noZoneNext'));
    const moments = momentsOf(stamp, zone);
    const beforeMs = rows.at(-1)?.fromMs ?? -Infinity;
    const fromMs = moments.find((ms) => ms > beforeMs) ?? moments.at(-1);
    if (fromMs === undefined || fromMs % MINUTE_MS !== 0)
      return refuse(text('prices.file.noSuchTime', where), text('prices.file.stampNext'));
    const number = numberOf(line.price);
    const price = number === undefined ? undefined : Math.round(number * perKwh * 1e9) / 1e9;
    if ((number === undefined && !NONE.test(line.price)) || Math.abs(price ?? 0) > HIGHEST)
      return refuse(text('prices.file.price', { line: line.number, cell: line.price }), text('prices.file.priceNext'));
    const before = rows.at(-1);
    if (fromMs === beforeMs && before!.price === price) continue;
    if (fromMs <= beforeMs) return refuse(text('prices.file.twice', where), text('prices.file.twiceNext'));
    rows.push({ line, fromMs, price });
  }
  return ok(rows);
}

/** Each price lasts until the row's own end or the next row; the last one as long as the one before it. */
function slicesOf(rows: readonly Timed[], zone: Zone | undefined): Result<PriceSlice[]> {
  const slices: PriceSlice[] = [];
  let lengthMs: number | undefined;
  for (const [i, { line, fromMs, price }] of rows.entries()) {
    const stamp = line.to ? parseStamp(line.to) : undefined;
    const endMs = (stamp ? momentsOf(stamp, zone) : []).find((ms) => ms > fromMs);
    const nextMs = rows[i + 1]?.fromMs ?? Infinity;
    // without an end, a longer distance than before is a hole
    const usualMs = fromMs + (lengthMs ?? nextMs - fromMs);
    const toMs = Math.min(endMs ?? (nextMs - fromMs <= 3_600_000 ? nextMs : usualMs), nextMs);
    if (!(toMs - fromMs <= DAY_MS))
      return refuse(text('prices.file.noEnd', { line: line.number, stamp: line.from }), text('prices.file.noEndNext'));
    lengthMs = toMs - fromMs;
    if (price !== undefined) slices.push({ fromMs, toMs, perKwh: price });
  }
  return ok(slices);
}

/** The prices of a file with cells; undefined: of an unknown layout. */
function tableOfCells(content: string): Table | undefined {
  const all = content.split(/\r?\n/);
  const delimiter = delimiterOf(all[0] ?? '');
  const layout = layoutOf(splitCells(all[0] ?? '', delimiter), splitCells(all[1] ?? '', delimiter));
  if (!layout) return undefined;
  const lines = all.flatMap((line, at) =>
    at <= layout.headers || line.trim() === ''
      ? []
      : layout.rows(splitCells(line, delimiter)).map((row) => ({ ...row, number: at + 1 })),
  );
  return { format: layout.format, zone: layout.zone, unit: layout.unit, lines };
}

/** Reads a file of electricity prices. All of it is read, or nothing: a line that cannot be read is an error with its number. */
export function decodePrices(content: string, options: DecodeOptions = {}): Result<DecodedPrices> {
  const plain = content.replace(/^\uFEFF/, '');
  const table = plain.trimStart().startsWith('{') ? tableOfJson(plain) : tableOfCells(plain);
  if (!table) return refuse(text('prices.file.unknown'), text('prices.file.unknownNext'));
  const given = options.zone === undefined ? undefined : zoneOf(options.zone);
  if (options.zone !== undefined && !given)
    return refuse(text('prices.file.unknownZone', { zone: options.zone }), text('prices.file.noZoneNext'));
  const { format, unit, lines, zone = given } = table;
  if (lines.length === 0) return refuse(text('prices.file.empty'), text('prices.file.unknownNext'));
  const own = chosen(lines, options.series);
  if (!own.ok) return own;
  const rows = timed(own.value, zone, unit.perKwh);
  if (!rows.ok) return rows;
  const slices = slicesOf(rows.value, zone);
  if (!slices.ok) return slices;
  if (slices.value.length === 0) return refuse(text('prices.file.empty'), text('prices.file.unknownNext'));
  return ok({
    format,
    series: own.value[0]!.series,
    currency: unit.currency,
    slices: slices.value,
    missing: rows.value.length - slices.value.length,
  });
}
