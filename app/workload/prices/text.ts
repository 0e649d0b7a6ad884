import type { Translate } from '../../core/i18n.ts';
import type { Formatter } from '../../metrics/format.ts';
import type { Tariff } from '../energy/tariff.ts';
import type { DecodedPrices } from './decode.ts';
import { priceFormats, type PriceFormat } from './formats.ts';
import { coveredBy, slicesOf, type PriceBook, type Surcharge } from './market.ts';

const nameOf = (format: string): string => priceFormats[format as PriceFormat] ?? format;

/** What was taken from a file of prices. */
export function importedText(t: Translate, format: Formatter, prices: DecodedPrices): string {
  const { slices, missing, series } = prices;
  const values = slices.map(({ perKwh }) => perKwh);
  const taken = t('prices.imported', {
    count: slices.length,
    source: nameOf(prices.format),
    series,
    from: format.dateTime(slices[0]!.fromMs),
    to: format.dateTime(slices.at(-1)!.toMs),
    low: format.money(values.reduce((a, b) => Math.min(a, b))),
    high: format.money(values.reduce((a, b) => Math.max(a, b))),
  });
  return missing === 0 ? taken : `${taken} ${t('prices.missing', { count: missing })}`;
}

type Bands = Pick<Tariff, 'pricePerKwh' | 'tariff'> & Surcharge;

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** The prices of the settings: by time of use, the plain one, and what is added to hourly ones if there are any. */
export function bandLines(t: Translate, format: Formatter, settings: Bands, hasHourly: boolean): string[] {
  const { pricePerKwh, tariff, marketSurchargePerKwh, marketTaxPct } = settings;
  const otherTimes =
    pricePerKwh === null ? t('prices.noPlain') : t('prices.plain', { price: format.money(pricePerKwh) });
  return [
    ...tariff.map(({ days, fromMin, toMin, pricePerKwh: price }) =>
      t('prices.bandIs', {
        days: t(`prices.on.${days}`),
        from: clock(fromMin),
        to: clock(toMin),
        price: format.money(price),
      }),
    ),
    ...(tariff.length === 0 && !hasHourly ? [] : [otherTimes]),
    ...(hasHourly
      ? [t('prices.charged', { surcharge: format.money(marketSurchargePerKwh), tax: format.number(marketTaxPct, 1) })]
      : []),
  ];
}

/** Stretches shown; a book with more has many holes. */
const MOST_STRETCHES = 20;

/** The times that have a price, and where the prices came from. */
export function bookLines(t: Translate, format: Formatter, book: PriceBook): string[] {
  const stretches = coveredBy(book);
  let [count, negative] = [0, 0];
  for (const { perKwh } of slicesOf(book.segments)) {
    count++;
    if (perKwh < 0) negative++;
  }
  const between = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) => ({
    from: format.dateTime(fromMs),
    to: format.dateTime(toMs),
  });
  return [
    t('prices.book', { count, currency: book.currency, negative: format.number(negative) }),
    ...stretches.slice(-MOST_STRETCHES).map((stretch) => t('prices.covered', between(stretch))),
    ...book.imports.map((source) =>
      t('prices.source', {
        ...between(source),
        file: source.file,
        source: nameOf(source.format),
        series: source.series,
        when: format.dateTime(source.importedMs),
      }),
    ),
  ];
}
