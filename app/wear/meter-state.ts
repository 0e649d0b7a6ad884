import type { SavedBins } from './bins.ts';
import type { RainflowState } from './rainflow.ts';
import type { EndedTally } from './tally.ts';

/** Everything a meter needs to continue after a restart. Plain data: it is stored as JSON. */
export type MeterState = {
  readonly modelVersion: string;
  /** in the order of `stateKeys`; null where there is no value */
  readonly at: readonly (number | null)[];
  /** in the order of `sumKeys` */
  readonly sums: readonly number[];
  /** last readings in the order of `throttleReadings`; a state that an earlier version stored has none */
  readonly throttling?: readonly (number | null)[];
  /** what an earlier version stored: last readings of the card's counters and their growth, the energy's first */
  readonly counters?: readonly (number | null)[];
  readonly grown?: readonly number[];
  /** swings counted in the current hour */
  readonly tally: EndedTally;
  readonly bins: SavedBins;
  readonly measured: RainflowState;
  readonly inferred: RainflowState;
};

/** Position of each name in a list, so that typed arrays are read by name. */
const slotsOf = <K extends string>(keys: readonly K[]): Readonly<Record<K, number>> =>
  Object.fromEntries(keys.map((key, i) => [key, i])) as Record<K, number>;

/** Numbers of a meter that change with its samples. The order is stored: append only. */
export const stateKeys = [
  'hourMs',
  'firstMs',
  'seq',
  'lastMs',
  'lastCore',
  'lastPower',
  'lastMem',
  'fan',
  'fanAgeMs',
  'limitW',
  /** time observed so far: the time axis of the swings, on which a gap has no length */
  'axisMs',
  /** time the card was off: how much longer the axis of the inferred count is */
  'inferredAxisMs',
  /** the current temperature, and until when it has not changed */
  'heldC',
  'heldAtMs',
  /** the card's energy counter; it may grow over a reading that is absent */
  'energyMj',
] as const;
export const slot = slotsOf(stateKeys);

/** Sums of the current hour. The order is stored: append only. */
export const sumKeys = [
  'observedMs',
  'powerMs',
  'powerJ',
  'memMs',
  'fanMs',
  'fanOn',
  'fanWork',
  'counterMj',
  'powerCapUs',
  'powerCapKnownMs',
  'heatUs',
  'heatKnownMs',
  'powerBrakeUs',
  'powerBrakeKnownMs',
] as const;
export const sumSlot = slotsOf(sumKeys);

/** Number of the current hour's cell. */
export const seqOf = ({ at }: MeterState): number => at[slot.seq] ?? 0;

export const present = (value: number): boolean => !Number.isNaN(value);
/** Numbers of a saved list, or `rest` where the list is shorter: an earlier version stored fewer. */
export const restored = (saved: readonly (number | null)[], length: number, rest: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => (i < saved.length ? orNaN(saved[i]) : rest));
/** JSON has no NaN. */
export const orNull = (value: number): number | null => (present(value) ? value : null);
export const orNaN = (value: number | null | undefined): number => value ?? Number.NaN;
