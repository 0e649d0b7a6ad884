import type { EnergySlot, TariffBand } from './schema.ts';

/** Electricity for people: what energy cost at the time it was used, and what it emitted by their own figure. */
export type Tariff = {
  /** price outside all bands; null: not set */
  readonly pricePerKwh: number | null;
  readonly tariff: readonly TariffBand[];
};

/** Length of an energy slot: as fine as tariffs go. */
export const SLOT_MS = 15 * 60_000;

export const J_PER_KWH = 3.6e6;

/** Whether a moment is within hours of local time, which may span midnight. */
export function withinHours(atMs: number, fromMin: number, toMin: number): boolean {
  const at = new Date(atMs);
  const minute = at.getHours() * 60 + at.getMinutes();
  if (fromMin === toMin) return true;
  return fromMin < toMin ? minute >= fromMin && minute < toMin : minute >= fromMin || minute < toMin;
}

/** Price per kWh at a moment: the first matching band, else the plain price; undefined if neither is set. */
export function priceAt(atMs: number, { pricePerKwh, tariff }: Tariff): number | undefined {
  const day = new Date(atMs).getDay();
  const weekend = day === 0 || day === 6;
  const band = tariff.find(
    ({ days, fromMin, toMin }) =>
      (days === 'all' || (days === 'weekend') === weekend) && withinHours(atMs, fromMin, toMin),
  );
  return band?.pricePerKwh ?? pricePerKwh ?? undefined;
}

/** Cost of energy, each quarter of an hour at its own price. Undefined if a price is missing for any of them. */
export function costOf(slots: readonly EnergySlot[], tariff: Tariff): number | undefined {
  if (slots.length === 0) return undefined;
  let cost = 0;
  for (const { fromMs, energyJ } of slots) {
    const price = priceAt(fromMs, tariff);
    if (price === undefined) return undefined;
    cost += (energyJ / J_PER_KWH) * price;
  }
  return cost;
}

/** Grams of CO2, by the user's own figure for their electricity. */
export const co2GramsOf = (energyJ: number, gramsPerKwh: number | null): number | undefined =>
  gramsPerKwh === null ? undefined : (energyJ / J_PER_KWH) * gramsPerKwh;
