import { zoneOf, type Zone } from '../../core/zone.ts';
import { zoneInHeader } from './stamp.ts';

/** One row of a file of prices, as text. */
export type Row = {
  readonly from: string;
  readonly to: string | undefined;
  readonly price: string;
  /** the series it belongs to: a bidding zone, or the name of a column */
  readonly series: string;
  /** auctions of the same time within a series, the main one lowest */
  readonly auction?: number;
};

export type Unit = { readonly currency: string; readonly perKwh: number };

/** A row and its line in the file, counted from 1. */
export type Line = Row & { readonly number: number };

/** What a file of prices holds. */
export type Table = {
  readonly format: PriceFormat;
  /** of stamps that do not name their offset */
  readonly zone: Zone | undefined;
  readonly unit: Unit;
  readonly lines: readonly Line[];
};

/** How a file of prices with cells is laid out. */
export type Layout = {
  readonly format: CellFormat;
  /** of stamps that do not name their offset */
  readonly zone: Zone | undefined;
  readonly unit: Unit;
  /** rows below the header that hold no prices */
  readonly headers: number;
  readonly rows: (cells: readonly string[]) => readonly Row[];
};

/** Who publishes such files, as it is shown and stored. */
export const priceFormats = {
  entsoe: 'ENTSO-E Transparency Platform',
  smard: 'SMARD.de',
  octopus: 'Octopus Energy',
  'energy-charts': 'energy-charts.info',
  'nord-pool': 'Nord Pool',
  awattar: 'aWATTar',
  iso: 'CSV',
} as const;
export type PriceFormat = keyof typeof priceFormats;
/** the formats with cells; the others are JSON (json-formats.ts) */
type CellFormat = Exclude<PriceFormat, 'nord-pool' | 'awattar'>;

const symbols: Readonly<Record<string, string>> = { '€': 'EUR', '£': 'GBP' };

/** "Day-ahead Price (EUR/MWh)", "Deutschland/Luxemburg [€/MWh]", "price (p/kWh)": the unit in it. */
export function unitIn(text: string): Unit | undefined {
  const [, money, prefix] = /(?:^|[\s([])(€|£|p|[A-Z]{3})\/([kM])Wh/.exec(text) ?? [];
  if (money === undefined) return undefined;
  const perKwh = prefix === 'M' ? 1 / 1000 : 1;
  return money === 'p' ? { currency: 'GBP', perKwh: perKwh / 100 } : { currency: symbols[money] ?? money, perKwh };
}

type Recognise = (header: readonly string[], second: readonly string[]) => Omit<Layout, 'format'> | undefined;

/**
 * Day-ahead prices of the ENTSO-E Transparency Platform. Since 2024 "MTU (CET/CEST)","Area","Sequence","Day-ahead Price
 * (EUR/MWh)", …; before that "Day-ahead Price [EUR/MWh]","Currency","BZN|DE-LU". The rows of several auctions are mixed:
 * "Without Sequence" or "Sequence 1" is the coupled day-ahead auction.
 */
const entsoe: Recognise = (header) => {
  const zone = zoneInHeader(/^(?:MTU|Time) \((.+)\)$/.exec(header[0] ?? '')?.[1] ?? '');
  const price = header.findIndex((name) => /^Day-ahead Price [[(]/.test(name));
  const unit = unitIn(header[price] ?? '');
  if (!zone || !unit) return undefined;
  const [area, sequence] = [header.indexOf('Area'), header.indexOf('Sequence')];
  const named = header.find((name) => name.startsWith('BZN|')) ?? '';
  return {
    zone,
    unit,
    headers: 0,
    rows(cells) {
      const [from = '', to] = (cells[0] ?? '').split(' - ');
      const auction = Number((cells[sequence] ?? '').split(' ').at(-1)) || 0; // "Sequence Sequence 2"
      const series = (area < 0 ? named : (cells[area] ?? '')).replace('BZN|', '');
      return [{ from, to, price: cells[price] ?? '', series, auction }];
    },
  };
};

/**
 * Wholesale prices of SMARD.de in German: "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] …", a column per country;
 * until 2025 "Datum;Anfang;Ende;…". Local time of Germany.
 */
const smard: Recognise = (header) => {
  const whole = header[0] === 'Datum von' && header[1] === 'Datum bis';
  const parted = header[0] === 'Datum' && header[1] === 'Anfang' && header[2] === 'Ende';
  const columns = header.flatMap((name, at) => (unitIn(name) ? [{ at, series: name.split(' [')[0]! }] : []));
  const unit = unitIn(header[columns[0]?.at ?? -1] ?? '');
  if ((!whole && !parted) || !unit) return undefined;
  return {
    zone: zoneOf('Europe/Berlin'),
    unit,
    headers: 0,
    rows(cells) {
      const [from, to] = whole ? [cells[0]!, cells[1]] : [`${cells[0]} ${cells[1]}`, undefined];
      return columns.map(({ at, series }) => ({ from, to, price: cells[at] ?? '', series }));
    },
  };
};

/** Unit rates of Octopus Energy's interface as CSV: p/kWh, newest first, times with their offset. */
const octopus: Recognise = (header) => {
  const [price, from, to] = [header.indexOf('value_inc_vat'), header.indexOf('valid_from'), header.indexOf('valid_to')];
  if (price < 0 || from < 0 || to < 0) return undefined;
  return {
    zone: undefined,
    unit: { currency: 'GBP', perKwh: 1 / 100 },
    headers: 0,
    rows: (cells) => [{ from: cells[from] ?? '', to: cells[to], price: cells[price] ?? '', series: 'value_inc_vat' }],
  };
};

/** energy-charts.info: "Date (GMT+1)", a column per quantity, and the units in the second line. */
const energyCharts: Recognise = (header, second) => {
  if (!/^Date \(GMT/.test(header[0] ?? '')) return undefined;
  const columns = header.flatMap((name, at) => {
    const auction = /^Day[ -]Ahead Auction(?: \((.+)\))?/i.exec(name);
    return auction ? [{ at, series: auction[1] ?? name }] : [];
  });
  const at = columns[0]?.at ?? -1;
  const unit = unitIn(header[at] ?? '') ?? unitIn(second[at] ?? '');
  if (!unit) return undefined;
  return {
    zone: undefined,
    unit,
    headers: second[0] === '' ? 1 : 0,
    rows: (cells) =>
      columns.map(({ at: column, series }) => ({ from: cells[0]!, to: undefined, price: cells[column] ?? '', series })),
  };
};

/** Any other file: times in the first column, as ISO 8601, and one or more columns with a unit of price. */
const iso: Recognise = (header) => {
  const columns = header.flatMap((name, at) => (at > 0 && unitIn(name) ? [{ at, series: name }] : []));
  const unit = unitIn(header[columns[0]?.at ?? -1] ?? '');
  if (!unit) return undefined;
  return {
    zone: undefined,
    unit,
    headers: 0,
    rows: (cells) =>
      columns.map(({ at, series }) => ({ from: cells[0]!, to: undefined, price: cells[at] ?? '', series })),
  };
};

const recognisers: Readonly<Record<CellFormat, Recognise>> = {
  entsoe,
  smard,
  octopus,
  'energy-charts': energyCharts,
  iso,
};

/** The layout of a file by its first two lines; the first format that fits. */
export function layoutOf(header: readonly string[], second: readonly string[]): Layout | undefined {
  for (const [format, recognise] of Object.entries(recognisers) as [CellFormat, Recognise][]) {
    const layout = recognise(header, second);
    if (layout) return { format, ...layout };
  }
  return undefined;
}
