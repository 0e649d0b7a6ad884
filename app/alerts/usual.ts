const DAY_MS = 86_400_000;

/** How the usual temperature is found. Ours: nothing published says it. */
export const USUAL = {
  /** the past that is looked at, without its last day: a slow fault must not make itself usual */
  days: 30,
  skippedDays: 1,
  quantile: 0.95,
  /** powers this close count as the same */
  binW: 20,
  /** nothing is called usual before the card spent so many minutes, on so many days, at a power */
  minMinutes: 120,
  minDays: 7,
} as const;

/** Core temperature, °C, that the card rarely exceeds at a power, W; undefined: too little is known. */
export type Usual = (powerW: number) => number | undefined;

const binOf = (powerW: number): number => Math.round(powerW / USUAL.binW);

/**
 * The 95 % quantile of a card's own temperatures at each power.
 * @param fromMs start of the first minute
 * @param powerW mean power of each minute, NaN where there is none
 * @param coreTempC mean core temperature of each minute
 */
export function usualOf(fromMs: number, stepMs: number, powerW: Float64Array, coreTempC: Float64Array): Usual {
  const bins = new Map<number, { temps: number[]; days: Set<number> }>();
  for (let i = 0; i < powerW.length; i++) {
    if (Number.isNaN(powerW[i]!) || Number.isNaN(coreTempC[i]!)) continue;
    const bin = binOf(powerW[i]!);
    let found = bins.get(bin);
    if (!found) bins.set(bin, (found = { temps: [], days: new Set() }));
    found.temps.push(coreTempC[i]!);
    found.days.add(Math.floor((fromMs + i * stepMs) / DAY_MS));
  }
  const usual = new Map<number, number>();
  for (const [bin, { temps, days }] of bins) {
    if ((temps.length * stepMs) / 60_000 < USUAL.minMinutes || days.size < USUAL.minDays) continue;
    temps.sort((a, b) => a - b);
    usual.set(bin, temps[Math.ceil(USUAL.quantile * temps.length) - 1]!);
  }
  return (powerNowW) => usual.get(binOf(powerNowW));
}
