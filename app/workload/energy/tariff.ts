import { marketOf, type MarketPrices, type PriceBook, type Surcharge } from '../prices/market.ts';
import type { EnergySlot, TariffBand } from './schema.ts';
import { MINUTE_MS, QUARTER_MS } from './slots.ts';

/** Electricity for people: what energy cost at the time it was used, and what it emitted by their own figure. */
export type Tariff = {
  /** price outside all bands; null: not set */
  readonly pricePerKwh: number | null;
  readonly tariff: readonly TariffBand[];
  /** imported prices, which go before bands and the plain price; undefined: there are none in this currency */
  readonly market: MarketPrices | undefined;
};

/** What the settings say about prices. */
export type PriceSettings = Omit<Tariff, 'market'> & Surcharge & { readonly currency: string };

/** Settings with the imported prices that apply to them. */
export const tariffOf = <S extends PriceSettings>(settings: S, book: PriceBook | undefined): S & Tariff => ({
  ...settings,
  market: marketOf(book, settings),
});

export const J_PER_KWH = 3.6e6;

/** Whether a moment is within hours of local time, which may span midnight. */
export function withinHours(atMs: number, fromMin: number, toMin: number): boolean {
  const at = new Date(atMs);
  const minute = at.getHours() * 60 + at.getMinutes();
  if (fromMin === toMin) return true;
  return fromMin < toMin ? minute >= fromMin && minute < toMin : minute >= fromMin || minute < toMin;
}

/**
 * Price per kWh at a moment: the imported one, else the first matching band, else the plain price. Undefined if none of
 * them is set. It may be negative.
 */
export function priceAt(atMs: number, { pricePerKwh, tariff, market }: Tariff): number | undefined {
  const imported = market?.priceAt(atMs);
  if (imported !== undefined) return imported;
  if (tariff.length === 0) return pricePerKwh ?? undefined;
  const day = new Date(atMs).getDay();
  const weekend = day === 0 || day === 6;
  const band = tariff.find(
    ({ days, fromMin, toMin }) =>
      (days === 'all' || (days === 'weekend') === weekend) && withinHours(atMs, fromMin, toMin),
  );
  return band?.pricePerKwh ?? pricePerKwh ?? undefined;
}

/** Whether every price lasts for whole quarters of an hour, by the clock of any time zone: then each needs one look-up. */
const inQuarters = ({ tariff, market }: Tariff): boolean =>
  (market?.inQuarters ?? true) && tariff.every(({ fromMin, toMin }) => fromMin % 15 === 0 && toMin % 15 === 0);

/** What energy cost, and how much of it has a price. */
export type Priced = {
  readonly cost: number;
  readonly pricedJ: number;
  readonly totalJ: number;
  /** a price is set at some time of it, though perhaps no energy was used then */
  readonly any: boolean;
};

/**
 * Cost of energy, each part at the price of its minute. Within a slot energy is taken as evenly spread: exact for slots of
 * a minute, to 1 % of the slot for the longer ones of steady power (slots.ts). Slots of histories before schema 6 are all
 * quarters of an hour, steady or not.
 */
export function priceSlots(slots: readonly EnergySlot[], tariff: Tariff): Priced {
  let [cost, pricedJ, totalJ, any] = [0, 0, 0, false];
  const stepMs = inQuarters(tariff) ? QUARTER_MS : MINUTE_MS;
  for (const { fromMs, ms = QUARTER_MS, energyJ } of slots) {
    const parts = Math.max(1, Math.round(ms / stepMs));
    totalJ += energyJ;
    for (let i = 0; i < parts; i++) {
      const price = priceAt(fromMs + (i * ms) / parts, tariff);
      if (price === undefined) continue;
      any = true;
      pricedJ += energyJ / parts;
      cost += (energyJ / parts / J_PER_KWH) * price;
    }
  }
  return { cost, pricedJ, totalJ, any };
}

/** Prices of all cards together. */
export const sumPriced = (all: readonly Priced[]): Priced => ({
  cost: all.reduce((sum, { cost }) => sum + cost, 0),
  pricedJ: all.reduce((sum, { pricedJ }) => sum + pricedJ, 0),
  totalJ: all.reduce((sum, { totalJ }) => sum + totalJ, 0),
  any: all.some(({ any }) => any),
});

/** Less than this without a price is the rounding of a sum. */
const ROUNDING = 1e-9;

/** The share of energy that has a price, 0–1; 0 without a price. */
export function pricedShare({ pricedJ, totalJ, any }: Priced): number {
  if (!any) return 0;
  return totalJ - pricedJ <= ROUNDING * totalJ ? 1 : pricedJ / totalJ;
}

/** Cost of energy. Undefined without energy, or if a price is missing for any of it: a partial sum is no cost. */
export function costOf(slots: readonly EnergySlot[], tariff: Tariff): number | undefined {
  const priced = priceSlots(slots, tariff);
  return pricedShare(priced) === 1 ? priced.cost : undefined;
}

/** Grams of CO2, by the user's own figure for their electricity. */
export const co2GramsOf = (energyJ: number, gramsPerKwh: number | null): number | undefined =>
  gramsPerKwh === null ? undefined : (energyJ / J_PER_KWH) * gramsPerKwh;
