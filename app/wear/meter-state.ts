import type { SavedBins } from './bins.ts';
import type { RainflowState } from './rainflow.ts';
import type { Tally } from './tally.ts';

/** What a meter needs to go on after a restart as if nothing had happened. Plain data. */
export type MeterState = {
  readonly modelVersion: string;
  /** by `stateKeys`; null where there is none */
  readonly at: readonly (number | null)[];
  readonly sums: readonly number[];
  readonly counters: readonly (number | null)[];
  readonly grown: readonly number[];
  /** swings counted in the hour that goes on */
  readonly tally: Tally;
  readonly bins: SavedBins;
  readonly measured: RainflowState;
  readonly inferred: RainflowState;
};

/** Numbers of a meter that change with its samples. */
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
  /** time observed so far: the axis of the swings, on which a gap has no length */
  'axisMs',
  /** how much longer the axis of the second count is, by the time the card was off */
  'inferredAxisMs',
  /** where the temperature stands still, and until when it did */
  'heldC',
  'heldAtMs',
] as const;
/** Where each of them stands. */
export const slot = Object.fromEntries(stateKeys.map((key, i) => [key, i])) as Record<
  (typeof stateKeys)[number],
  number
>;

/** Sums of the hour that goes on, as a tally names them. */
export const sumKeys = ['observedMs', 'powerMs', 'powerJ', 'memMs', 'fanMs', 'fanOn', 'fanWork'] as const;

/** Number of the hour cell that goes on. */
export const seqOf = ({ at }: MeterState): number => at[slot.seq] ?? 0;

/** Counters of the card, in the order in which a tally takes them. */
export const counterKeys = [
  'energyMj',
  'throttledSwPowerUs',
  'throttledSwThermalUs',
  'throttledHwThermalUs',
  'throttledPowerBrakeUs',
] as const;

export const known = (value: number): boolean => !Number.isNaN(value);
/** NaN is no JSON. */
export const orNull = (value: number): number | null => (known(value) ? value : null);
export const orNaN = (value: number | null | undefined): number => value ?? Number.NaN;
