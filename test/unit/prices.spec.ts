import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zoneOf } from '../../app/core/zone.ts';
import { decodePrices, type DecodeOptions } from '../../app/workload/prices/decode.ts';
import { addPrices, coveredBy, marketOf, slicesOf, type PriceSlice } from '../../app/workload/prices/market.ts';

const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
const MINUTE = 60_000;
const fixture = (name: string): string =>
  fs.readFileSync(path.resolve(import.meta.dirname, '../fixtures/prices', name), 'utf8');

function read(content: string, options: DecodeOptions = {}) {
  const decoded = decodePrices(content, options);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
}
const refusal = (content: string, options: DecodeOptions = {}): string => {
  const decoded = decodePrices(content, options);
  return decoded.ok ? 'read' : `${decoded.error.message} ${decoded.error.next ?? ''}`;
};
const utc = (iso: string): number => Date.parse(iso);
/** One slice after the other, none missing. */
const seamless = (slices: readonly PriceSlice[]): boolean =>
  slices.every(({ fromMs }, i) => i === 0 || slices[i - 1]!.toMs === fromMs);

describe('a file of prices', () => {
  it('of ENTSO-E has 24 and 25 hours of quarters where summer time ends, of the main auction alone', () => {
    const { format, series, currency, slices, missing } = read(fixture('entsoe-2025-autumn.csv'));
    expect([format, series, currency, slices.length, missing]).toEqual(['entsoe', 'DE-LU', 'EUR', 49 * 4, 0]);
    expect(seamless(slices)).toBe(true);
    expect([slices[0]!.fromMs, slices.at(-1)!.toMs]).toEqual([utc('2025-10-24T22:00Z'), utc('2025-10-26T23:00Z')]);
    expect(slices[0]!.perKwh).toBe(0.02);
    const at = (iso: string): number => slices.find(({ fromMs }) => fromMs === utc(iso))!.perKwh;
    expect([at('2025-10-26T00:45Z'), at('2025-10-26T01:00Z')]).toEqual([0.02275, 0.023]); // 2:45 CEST, 2:00 CET
    expect(Math.min(...slices.map(({ perKwh }) => perKwh))).toBe(-0.008);
  });

  it('of ENTSO-E before 2024 has 23 hours where summer time begins, and a time without a price has none', () => {
    const { series, slices, missing } = read(fixture('entsoe-2024-spring.csv'));
    expect([series, slices.length, missing]).toEqual(['AT', 22, 1]);
    expect([slices[0]!.fromMs, slices.at(-1)!.toMs]).toEqual([utc('2024-03-30T23:00Z'), utc('2024-03-31T22:00Z')]);
    expect(slices.every(({ fromMs, toMs }) => toMs - fromMs === HOUR)).toBe(true);
    expect(slices.some(({ fromMs }) => fromMs === utc('2024-03-31T04:00Z'))).toBe(false); // "-"
  });

  it('of SMARD has decimal commas, several countries, and tells the repeated hour apart by its order', () => {
    expect(refusal(fixture('smard-2025-autumn.csv'))).toContain('Deutschland/Luxemburg, Belgien');
    const { currency, slices, missing } = read(fixture('smard-2025-autumn.csv'), { series: 'Deutschland/Luxemburg' });
    expect([currency, slices.length, missing]).toEqual(['EUR', 99, 1]);
    expect([slices[0]!.fromMs, slices.at(-1)!.toMs]).toEqual([utc('2025-10-25T22:00Z'), utc('2025-10-26T23:00Z')]);
    expect(slices.every(({ fromMs, toMs }) => toMs - fromMs === QUARTER)).toBe(true);
    expect(slices.map(({ perKwh }) => perKwh)).toContain(-1.2345);
    const old = read(fixture('smard-2024.csv')).slices;
    expect([old.length, old[0]!.fromMs, old.at(-1)]).toEqual([
      24,
      utc('2024-01-14T23:00Z'),
      { fromMs: utc('2024-01-15T22:00Z'), toMs: utc('2024-01-15T23:00Z'), perKwh: 0.05325 },
    ]);
  });

  it('of Octopus is in pence and newest first', () => {
    const { currency, slices } = read(fixture('octopus-agile.csv'));
    expect([currency, slices.length, seamless(slices)]).toEqual(['GBP', 48, true]);
    expect(slices[0]).toEqual({ fromMs: utc('2025-10-26T00:00Z'), toMs: utc('2025-10-26T00:30Z'), perKwh: 0.189 });
    expect(slices.at(-1)!.perKwh).toBe(-0.05775);
  });

  it('of energy-charts.info has its units in the second line', () => {
    const { series, currency, slices } = read(fixture('energy-charts-2024.csv'));
    expect([series, currency, slices.length]).toEqual(['DE-LU', 'EUR', 24]);
    expect(slices[0]).toEqual({ fromMs: utc('2024-05-31T22:00Z'), toMs: utc('2024-05-31T23:00Z'), perKwh: 0.06 });
  });

  it('of Nord Pool has one of several areas, in its own currency, a quarter without a price, and no summaries', () => {
    expect(refusal(fixture('nord-pool-2025.json'))).toContain('SE3, SE4');
    const { format, series, currency, slices, missing } = read(fixture('nord-pool-2025.json'), { series: 'SE4' });
    expect([format, series, currency, slices.length, missing]).toEqual(['nord-pool', 'SE4', 'SEK', 95, 1]);
    expect([slices[0]!.fromMs, slices.at(-1)!.toMs]).toEqual([utc('2025-10-01T22:00Z'), utc('2025-10-02T22:00Z')]);
    expect(slices.every(({ fromMs, toMs }) => toMs - fromMs === QUARTER)).toBe(true);
    expect([slices[0]!.perKwh, slices[1]!.perKwh, slices.at(-1)!.perKwh]).toEqual([0.5, 0.49, -0.45]);
  });

  it('of aWATTar has times in milliseconds, and prices below 0', () => {
    const { format, series, currency, slices, missing } = read(fixture('awattar-2025.json'));
    expect([format, series, currency, slices.length, missing]).toEqual(['awattar', 'marketprice', 'EUR', 24, 0]);
    expect(seamless(slices)).toBe(true);
    expect(slices[0]).toEqual({ fromMs: utc('2025-10-01T22:00Z'), toMs: utc('2025-10-01T23:00Z'), perKwh: 0.0801 });
    expect(slices.at(-1)!.perKwh).toBe(-0.0119);
  });

  it.each([
    ['{', 'none of the known'],
    ['{}', 'none of the known'],
    ['{"a":'.repeat(100_000), 'none of the known'],
    ['{"object": "list", "data": []}', 'contains no prices'],
    [
      '{"object": "list", "data": [{"start_timestamp": 0, "end_timestamp": 1, "marketprice": 1, "unit": "ct"}]}',
      'none of',
    ],
    [
      '{"object": "list", "data": [{"start_timestamp": 1e99, "end_timestamp": 1, "marketprice": 1, "unit": "Eur/MWh"}]}',
      'none of',
    ],
    [
      '{"currency": "EUR",\n"multiAreaEntries": [\n{"deliveryStart": "now", "deliveryEnd": "", "entryPerArea": {"FI": 1}}]}',
      'Line 3: the time now',
    ],
    [
      '{"currency": "EUR", "multiAreaEntries": [{"deliveryStart": "now", "deliveryEnd": "", "entryPerArea": {"FI": "1"}}]}',
      'none of',
    ],
    [
      '{"currency": "EUR",\n"multiAreaEntries": [{"deliveryStart": "2025-01-01T00:00:00Z",\n"deliveryEnd": "2025-01-01T01:00:00Z", "entryPerArea": {"FI": 1e9}}]}',
      'Line 2: 1000000000',
    ],
  ])('%j in JSON is refused as a whole', (content, why) => expect(refusal(content)).toContain(why));

  it('of anyone else needs times in ISO 8601 and a unit; a time zone may be given', () => {
    const rows = '2026-01-01T00:00,0.3\n2026-01-01T00:07,-0.1\n2026-01-01T00:37,0.2\n';
    expect(refusal(`time,price (EUR/kWh)\n${rows}`)).toContain('--zone');
    const { slices } = read(`time,price (EUR/kWh)\n${rows}`, { zone: 'Europe/Rome' });
    expect(slices.map(({ fromMs, toMs }) => (toMs - fromMs) / MINUTE)).toEqual([7, 30, 30]);
    expect(slices[0]!.fromMs).toBe(utc('2025-12-31T23:00Z'));
    expect(read(`t;p [GBP/MWh]\n2026-01-01T00:00Z;12,5\n2026-01-01T01:00Z;-3\n`)).toMatchObject({
      currency: 'GBP',
      slices: [{ perKwh: 0.0125 }, { perKwh: -0.003 }],
    });
  });

  it('with a hole has no price in it', () => {
    const { slices } = read('t,p (EUR/kWh)\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,2\n2026-01-01T05:00Z,3\n');
    expect(slices.map(({ fromMs, toMs }) => (toMs - fromMs) / HOUR)).toEqual([1, 1, 1]);
  });

  it.each([
    ['', 'none of the known'],
    ['time,price\n2026-01-01T00:00Z,1\n', 'none of the known'],
    ['t,p (EUR/kWh)\n', 'contains no prices'],
    ['t,p (EUR/kWh)\n2026-01-01T00:00Z,1\nyesterday,2\n', 'Line 3: the time yesterday'],
    ['t,p (EUR/kWh)\n2026-02-30T00:00Z,1\n', 'Line 2'],
    ['t,p (EUR/kWh)\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,cheap\n', 'Line 3: cheap is not a price'],
    ['t,p (EUR/kWh)\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,101\n', 'Line 3: 101'],
    ['t,p (EUR/kWh)\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,2\n2026-01-01T01:00Z,3\n', 'Line 4'],
    ['t,p (EUR/kWh)\n2026-01-01T00:00Z,1\n', 'how long'],
    ['t,p (EUR/kWh)\n2026-01-01T00:00:30Z,1\n2026-01-01T01:00Z,1\n', 'Line 2'],
  ])('%j is refused as a whole, with the line', (content, why) => expect(refusal(content)).toContain(why));

  it('refuses a time that its zone skips, and an unknown zone or series', () => {
    const rows = 't,p (EUR/kWh)\n2026-03-29T01:00,1\n2026-03-29T02:00,2\n';
    expect(refusal(rows, { zone: 'Europe/Rome' })).toContain('Line 3: the time 2026-03-29T02:00 does not exist');
    expect(refusal(rows, { zone: 'Rome' })).toContain('There is no time zone Rome');
    expect(refusal(fixture('entsoe-2025-autumn.csv'), { series: 'FR' })).toContain('DE-LU');
  });
});

describe('a time zone', () => {
  it('knows each moment by its clock, in the hours that come twice too', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: utc('2020-01-01'), max: utc('2030-01-01') }),
        (name, ms) => {
          const zone = zoneOf(name)!;
          const moment = Math.floor(ms / MINUTE) * MINUTE;
          const moments = zone.momentsOf(moment + zone.offsetAt(moment));
          expect(moments).toContain(moment);
          expect(moments.length).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 300 },
    );
    const berlin = zoneOf('Europe/Berlin')!;
    expect(berlin.momentsOf(utc('2026-03-29T02:30Z'))).toEqual([]);
    expect(berlin.momentsOf(utc('2026-10-25T02:30Z'))).toEqual([utc('2026-10-25T00:30Z'), utc('2026-10-25T01:30Z')]);
    expect(zoneOf('Nowhere')).toBeUndefined();
  });
});

const START = utc('2026-01-01T00:00Z');
const source = { file: 'a.csv', format: 'iso', series: 'p', importedMs: 0, fromMs: 0, toMs: 0, count: 0 };
const plain = { currency: 'EUR', marketSurchargePerKwh: 0, marketTaxPct: 0 };

/** Slices in order, without overlap, with holes. */
const someSlices = fc
  .array(
    fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 1, max: 90 }), fc.integer({ min: -50, max: 50 })),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((list): PriceSlice[] => {
    let atMs = START;
    return list.map(([hole, minutes, cents]) => {
      const fromMs = atMs + hole * MINUTE;
      atMs = fromMs + minutes * MINUTE;
      return { fromMs, toMs: atMs, perKwh: cents / 100 };
    });
  });
const at = (slices: readonly PriceSlice[], ms: number): number | undefined =>
  slices.find(({ fromMs, toMs }) => ms >= fromMs && ms < toMs)?.perKwh;

describe('imported prices', () => {
  it('are those of the newest file that has one for the minute', () => {
    fc.assert(
      fc.property(someSlices, someSlices, (first, second) => {
        const book = addPrices(addPrices(undefined, first, 'EUR', source), second, 'EUR', source);
        const market = marketOf(book, plain)!;
        for (let ms = START - MINUTE; ms < START + 40 * HOUR; ms += 7 * MINUTE)
          expect(market.priceAt(ms)).toBe(at(second, ms) ?? at(first, ms));
        const stored = [...slicesOf(book.segments)];
        expect(stored.every(({ fromMs }, i) => i === 0 || stored[i - 1]!.toMs <= fromMs)).toBe(true);
        const covered = coveredBy(book).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
        expect(covered).toBe(stored.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0));
      }),
      { numRuns: 200 },
    );
  });

  it('are charged with surcharge and tax, below 0 too, and only in their own currency', () => {
    const slices = [{ fromMs: START, toMs: START + HOUR, perKwh: -0.1 }];
    const book = addPrices(undefined, slices, 'EUR', source);
    const charged = marketOf(book, { currency: 'EUR', marketSurchargePerKwh: 0.05, marketTaxPct: 20 })!;
    expect(charged.priceAt(START)).toBeCloseTo(-0.06, 12);
    expect([charged.priceAt(START - 1), charged.priceAt(START + HOUR)]).toEqual([undefined, undefined]);
    expect(marketOf(book, { ...plain, currency: 'USD' })).toBeUndefined();
    expect(marketOf(book, plain)).toBe(marketOf(book, { ...plain })); // the governor begins again with another one
    expect(marketOf(book, { ...plain, marketTaxPct: 1 })!.priceAt(START)).toBeCloseTo(-0.101, 12);
    expect(marketOf(undefined, plain)).toBeUndefined();
  });

  it('take one row for a year of hours', () => {
    const slices = Array.from({ length: 8760 }, (_, i) => ({
      fromMs: START + i * HOUR,
      toMs: START + (i + 1) * HOUR,
      perKwh: 0.1,
    }));
    const book = addPrices(undefined, slices, 'EUR', source);
    expect(book.segments).toHaveLength(1);
    expect(JSON.stringify(book).length).toBeLessThan(60_000);
  });
});
