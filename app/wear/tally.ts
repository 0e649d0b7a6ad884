import { CAPACITORS, ELECTROMIGRATION, FAN, SILICON, SOLDER } from './model.ts';
import type { EndedTally, Tally } from './tally-schema.ts';

export type { EndedTally, Tally };

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
  throttled: {
    'power-cap': { ms: 0, knownMs: 0 },
    heat: { ms: 0, knownMs: 0 },
    'power-brake': { ms: 0, knownMs: 0 },
  },
});

type Sums = { readonly [key: string]: number | Sums } | readonly number[];

function addInto(target: Sums, source: Sums): void {
  const into = target as Record<string, number | Sums>;
  for (const [key, value] of Object.entries(source as Record<string, number | Sums>)) {
    if (typeof value === 'number') into[key] = ((into[key] as number | undefined) ?? 0) + value;
    else addInto(into[key] as Sums, value);
  }
}

/** Adds `more` into `tally`. Throttled time of the earlier rule is left out: it says 0 where nothing was known. */
export function addTally(tally: Tally, more: EndedTally): void {
  const sums = { ...more };
  delete sums.throttledMs;
  addInto(tally, sums);
}

/** The sum of tallies, in the order given. */
export function sumTallies(tallies: Iterable<EndedTally>): Tally {
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
