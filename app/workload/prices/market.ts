import type { Plain } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import { MINUTE_MS, QUARTER_MS } from '../energy/slots.ts';
import { pricePerKwh } from '../energy/schema.ts';

/** Equal slices of time without a hole, each with its price per kWh. */
const segment = z.object({
  fromMs: z.number(),
  stepMs: z.int().min(MINUTE_MS).multipleOf(MINUTE_MS),
  perKwh: z.array(pricePerKwh),
});
type Segment = Plain<z.infer<typeof segment>>;

/** A file that prices came from. */
export const priceImport = z.object({
  /** its name, without its folder */
  file: z.string(),
  /** who publishes such files */
  format: z.string(),
  /** the series taken from it: a bidding zone or a column */
  series: z.string(),
  importedMs: z.number(),
  fromMs: z.number(),
  toMs: z.number(),
  /** prices in it */
  count: z.int(),
});
export type PriceImport = Plain<z.infer<typeof priceImport>>;

/** Imported prices, as they are stored: market prices without surcharges. */
export const priceBook = z.object({
  version: z.literal(1),
  /** ISO 4217 */
  currency: z.string(),
  /** in order, without overlap; times between them have no price */
  segments: z.array(segment),
  imports: z.array(priceImport),
});
export type PriceBook = Plain<z.infer<typeof priceBook>>;

/** A price from one moment to before another, per kWh. */
export type PriceSlice = { readonly fromMs: number; readonly toMs: number; readonly perKwh: number };

export function* slicesOf(segments: readonly Segment[]): Generator<PriceSlice> {
  for (const { fromMs, stepMs, perKwh } of segments)
    for (let i = 0; i < perKwh.length; i++)
      yield { fromMs: fromMs + i * stepMs, toMs: fromMs + (i + 1) * stepMs, perKwh: perKwh[i]! };
}

/** @param slices in order, without overlap */
function segmentsOf(slices: Iterable<PriceSlice>): Segment[] {
  const segments: { fromMs: number; stepMs: number; perKwh: number[] }[] = [];
  for (const { fromMs, toMs, perKwh } of slices) {
    const last = segments.at(-1);
    const continues =
      last && last.stepMs === toMs - fromMs && last.fromMs + last.stepMs * last.perKwh.length === fromMs;
    if (continues) last.perKwh.push(perKwh);
    else segments.push({ fromMs, stepMs: toMs - fromMs, perKwh: [perKwh] });
  }
  return segments;
}

/** What is left of slices outside others. Both are in order, without overlap. */
function* outside(slices: Iterable<PriceSlice>, others: readonly PriceSlice[]): Generator<PriceSlice> {
  let next = 0;
  for (const slice of slices) {
    let { fromMs } = slice;
    while (next < others.length && others[next]!.toMs <= fromMs) next++;
    for (let i = next; i < others.length && others[i]!.fromMs < slice.toMs; i++) {
      if (others[i]!.fromMs > fromMs) yield { ...slice, fromMs, toMs: others[i]!.fromMs };
      fromMs = Math.max(fromMs, others[i]!.toMs);
    }
    if (fromMs < slice.toMs) yield { ...slice, fromMs };
  }
}

/** Files of which the book remembers that they were imported. */
const MOST_IMPORTS = 200;

/**
 * Adds prices to a book. Where both have a price, the new one counts.
 * @param slices in order, without overlap
 */
export function addPrices(
  book: PriceBook | undefined,
  slices: readonly PriceSlice[],
  currency: string,
  source: PriceImport,
): PriceBook {
  const kept = book ? [...outside(slicesOf(book.segments), slices)] : [];
  const all = [...kept, ...slices].sort((a, b) => a.fromMs - b.fromMs);
  return {
    version: 1,
    currency,
    segments: segmentsOf(all),
    imports: [...(book?.imports ?? []), source].slice(-MOST_IMPORTS),
  };
}

/** What is added to a market price until it is what the user pays. */
export type Surcharge = {
  /** per kWh: grid fees, levies, margin; added before tax */
  readonly marketSurchargePerKwh: number;
  /** per cent on the price and the surcharge */
  readonly marketTaxPct: number;
};

export type MarketPrices = {
  /** what a kWh cost at a moment; undefined: no imported price covers it */
  readonly priceAt: (atMs: number) => number | undefined;
  /** every price lasts for whole quarters of an hour */
  readonly inQuarters: boolean;
};

type Charged = Surcharge & { readonly currency: string };

/** The newest of each book: the same prices are the same object, so that whoever follows them sees only changes. */
const charged = new WeakMap<PriceBook, Surcharge & { readonly market: MarketPrices }>();

/** Imported prices as they are charged. Undefined if there are none in that currency: nothing is converted. */
export function marketOf(book: PriceBook | undefined, { currency, ...surcharge }: Charged): MarketPrices | undefined {
  if (!book || book.currency !== currency || book.segments.length === 0) return undefined;
  const { marketSurchargePerKwh, marketTaxPct } = surcharge;
  const before = charged.get(book);
  if (before?.marketSurchargePerKwh === marketSurchargePerKwh && before.marketTaxPct === marketTaxPct)
    return before.market;
  const market = pricesOf(book, marketSurchargePerKwh, 1 + marketTaxPct / 100);
  charged.set(book, { marketSurchargePerKwh, marketTaxPct, market });
  return market;
}

function pricesOf({ segments }: PriceBook, surchargePerKwh: number, factor: number): MarketPrices {
  return {
    inQuarters: segments.every(({ fromMs, stepMs }) => fromMs % QUARTER_MS === 0 && stepMs % QUARTER_MS === 0),
    priceAt(atMs) {
      let [low, high] = [0, segments.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (segments[middle]!.fromMs <= atMs) low = middle + 1;
        else high = middle;
      }
      const found = segments[low - 1];
      const price = found?.perKwh[Math.floor((atMs - found.fromMs) / found.stepMs)];
      return price === undefined ? undefined : (price + surchargePerKwh) * factor;
    },
  };
}

/** The times that have a price, as stretches without a hole. */
export function coveredBy({ segments }: PriceBook): { readonly fromMs: number; readonly toMs: number }[] {
  const stretches: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, stepMs, perKwh } of segments) {
    const last = stretches.at(-1);
    const toMs = fromMs + stepMs * perKwh.length;
    if (last && last.toMs === fromMs) last.toMs = toMs;
    else stretches.push({ fromMs, toMs });
  }
  return stretches;
}
