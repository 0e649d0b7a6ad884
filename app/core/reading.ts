/**
 * What a reading can be. Only `value` carries a number: every other state says why there is none, so that an absent
 * value can never be mistaken for 0. The order is stored in histories: append only.
 */
export const readingStates = [
  'unread', // not asked for on this tick (slow cadence)
  'value',
  'unsupported', // this card or driver does not offer it
  'denied', // it exists, but this user may not read it
  'asleep', // the GPU is powered down, or was let go so that it can; it is not touched
  'stalled', // the driver did not answer in time
  'lost', // the GPU has fallen off the bus or needs a reset
  'failed', // the driver answered with an error
  'implausible', // a value came, but it cannot be true
] as const;
export type ReadingState = (typeof readingStates)[number];
export type Absence = Exclude<ReadingState, 'value'>;

export type Reading =
  | { readonly state: 'value'; readonly value: number; readonly derived: boolean }
  | { readonly state: Absence; readonly reason: number };
