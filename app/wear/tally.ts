import { CAPACITORS, ELECTROMIGRATION, FAN, SILICON, SOLDER } from './model.ts';

/**
 * What a stretch of time amounts to, as numbers that add up: an hour, a day and a whole life have the same form, and the
 * tally of a time is the sum of its parts. All times are ms.
 */
export type Tally = {
  /** core temperature known at both ends of each interval */
  observedMs: number;
  powerMs: number;
  memMs: number;
  fanMs: number;
  /** M1: at the reference, for each activation energy */
  silicon: number[];
  /** M2: ms·W^n at the reference, for each exponent and energy; divided by P_ref^n when it is told */
  electromigration: number[];
  /** M3: reference cycles for each set, from measured swings, and what inferred ones add */
  solder: number[];
  solderInferred: number[];
  /** M4, for each rule */
  capacitors: number[];
  /** M5: time commanded to turn, times (speed/reference)^s for each s */
  fan: number[];
  /** ms by whole °C of the core */
  coreMs: Record<string, number>;
  /** counted swings: "range/highest/dwell class" → cycles */
  cycles: Record<string, number>;
  inferredCycles: Record<string, number>;
  /** J by the card's own counter, and from its power readings */
  counterJ: number;
  powerJ: number;
  /** ms held back, by the card's counters */
  throttledMs: { powerCap: number; swThermal: number; hwThermal: number; powerBrake: number };
};

const zeros = (length: number): number[] => Array.from({ length }, () => 0);

export const emptyTally = (): Tally => ({
  observedMs: 0,
  powerMs: 0,
  memMs: 0,
  fanMs: 0,
  silicon: zeros(SILICON.grid.length),
  electromigration: zeros(ELECTROMIGRATION.exponents.length * ELECTROMIGRATION.energies.length),
  solder: zeros(SOLDER.length),
  solderInferred: zeros(SOLDER.length),
  capacitors: zeros(CAPACITORS.length),
  fan: zeros(FAN.exponents.length),
  coreMs: {},
  cycles: {},
  inferredCycles: {},
  counterJ: 0,
  powerJ: 0,
  throttledMs: { powerCap: 0, swThermal: 0, hwThermal: 0, powerBrake: 0 },
});

type Sums = { [key: string]: number | Sums } | number[];

function addInto(target: Sums, source: Sums): void {
  const into = target as Record<string, number | Sums>;
  for (const [key, value] of Object.entries(source as Record<string, number | Sums>)) {
    if (typeof value === 'number') into[key] = ((into[key] as number | undefined) ?? 0) + value;
    else addInto(into[key] as Sums, value);
  }
}

/** Adds `more` into `tally`. */
export const addTally = (tally: Tally, more: Tally): void => addInto(tally, more);

/** The sum of tallies, in the order given. */
export function sumTallies(tallies: Iterable<Tally>): Tally {
  const sum = emptyTally();
  for (const tally of tallies) addTally(sum, tally);
  return sum;
}

/** Upper ends of the dwell classes of the cycle matrix, h: what a later model needs to count the cycles again. */
export const DWELL_CLASSES_H = [1 / 60, 1 / 6, 0.5, 2, Infinity] as const;

export const cycleKey = (rangeK: number, maxTempC: number, dwellHours: number): string =>
  `${Math.round(rangeK)}/${Math.round(maxTempC)}/${DWELL_CLASSES_H.findIndex((end) => dwellHours < end || end === Infinity)}`;

/** The cycle matrix as rows. */
export const cycleRows = (
  cycles: Readonly<Record<string, number>>,
): { readonly rangeK: number; readonly maxTempC: number; readonly dwellClass: number; readonly count: number }[] =>
  Object.entries(cycles).map(([key, count]) => {
    const [rangeK, maxTempC, dwellClass] = key.split('/').map(Number) as [number, number, number];
    return { rangeK, maxTempC, dwellClass, count };
  });
