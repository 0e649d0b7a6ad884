import type { Outputs } from './schema.ts';

/** What a figure of a session is: a value, a bound, or withheld with its reason. Stored nowhere; exports print these words. */
export const figureStates = [
  'known',
  'modelled',
  'at-least',
  'at-most',
  'uncertain',
  'not-observed',
  'not-recorded',
  'all-shared',
  'below-resolution',
  'not-counted',
  'several-kinds',
  'none-made',
  'no-price',
  'no-figure',
  'not-reported',
] as const;
export type FigureState = (typeof figureStates)[number];

/** What is put before a figure that is a bound. */
export const boundSigns: Partial<Record<FigureState, string>> = { 'at-least': '≥ ', 'at-most': '≤ ', uncertain: '≈ ' };

const SHOWN: ReadonlySet<FigureState> = new Set(['known', 'modelled', 'at-least', 'at-most', 'uncertain']);
/** Whether there is a figure at all. */
export const isShown = (state: FigureState): boolean => SHOWN.has(state);

/**
 * The state of a session's own energy.
 * @param ownJ undefined: not observed
 * @param sharedJ J used together with others, of which it may have used any part
 */
export function energyState(ownJ: number | undefined, sharedJ: number | undefined): FigureState {
  if (ownJ === undefined) return 'not-observed';
  // work costs energy, so 0 J is no result: either others used the card too, or its share was rounded to 0
  if (ownJ <= 0) return sharedJ ? 'all-shared' : 'below-resolution';
  return sharedJ ? 'at-least' : 'known';
}

/** The state of a cost, from that of its energy. */
export const costState = (energy: FigureState, cost: number | undefined): FigureState =>
  isShown(energy) && cost === undefined ? 'no-price' : energy;

/** The state of a quotient: J or money per output. Missed outputs make it smaller, missed energy larger. */
export function perOutputState(whole: FigureState, outputs: Outputs | undefined): FigureState {
  if (!outputs) return 'not-counted';
  if (outputs.others) return 'several-kinds'; // nothing tells which used what
  if (outputs.count === 0) return outputs.atLeast ? 'not-counted' : 'none-made';
  if (!isShown(whole) || !outputs.atLeast) return whole;
  return whole === 'at-least' ? 'uncertain' : 'at-most';
}

/** The state of a figure that is part of a session's energy, where it is not reported for every session. */
export const partState = (energy: FigureState, part: number | undefined): FigureState =>
  isShown(energy) && part === undefined ? 'not-reported' : energy;

/** The state of a time that every card of a session reports for itself. */
export function sumState(perCard: readonly (number | undefined)[]): FigureState {
  const reported = perCard.filter((value) => value !== undefined).length;
  if (reported === 0) return 'not-reported';
  return reported < perCard.length ? 'at-least' : 'known';
}
