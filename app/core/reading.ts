/**
 * The states of a reading. Only `value` carries a number. Every other state says why there is none, so that an absent
 * value can never be mistaken for 0. Histories store the position in this list: append only.
 */
export const readingStates = [
  'unread', // not read on this tick (slow cadence)
  'value',
  'unsupported', // the card or driver does not offer it
  'denied', // it exists, but this user may not read it
  'asleep', // the GPU is powered down, or was released so that it can sleep; Slowburn does not wake it
  'stalled', // the driver did not respond in time
  'lost', // the GPU has fallen off the bus or needs a reset
  'failed', // the driver returned an error
  'implausible', // the driver returned a value that cannot be true
  'unreported', // the source does not report it, which says nothing about the card
] as const;
export type ReadingState = (typeof readingStates)[number];
export type Absence = Exclude<ReadingState, 'value'>;

export type Reading =
  | { readonly state: 'value'; readonly value: number; readonly derived: boolean }
  | { readonly state: Absence; readonly reason: number };
