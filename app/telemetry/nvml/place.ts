/**
 * Which card a thread is calling the driver about, and for which tick, in memory that the collector can read while the
 * thread hangs.
 */
const WORDS = 4;
const [MOVES, INSIDE, TICK, LISTED] = [0, 1, 2, 3] as const;
const MOST_KEY = 40; // "00000000:01:00.0" has 16

export const createPlace = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 4 + MOST_KEY);

export type PlaceWriter = {
  /** Before the first call about a card. @param tick 0: it is being opened */
  readonly enter: (card: string, tick: number) => void;
  readonly leave: () => void;
  /** How many cards the driver lists. */
  readonly listed: (count: number) => void;
};

export type Place = {
  /** counts each `enter` and `leave`: an unchanged number means that the thread has not moved */
  readonly moves: number;
  readonly card: string | undefined;
  /** 0: the card is being opened */
  readonly tick: number;
  /** number of cards that the driver listed last */
  readonly listed: number;
};

const lay = (buffer: SharedArrayBuffer) => ({
  words: new Int32Array(buffer, 0, WORDS),
  key: new Uint8Array(buffer, WORDS * 4),
});

export function writePlace(buffer: SharedArrayBuffer): PlaceWriter {
  const { words, key } = lay(buffer);
  return {
    enter(card, tick) {
      const length = Math.min(card.length, MOST_KEY);
      for (let i = 0; i < length; i++) key[i] = card.charCodeAt(i);
      Atomics.store(words, TICK, tick);
      Atomics.store(words, INSIDE, length);
      Atomics.add(words, MOVES, 1);
    },
    leave() {
      Atomics.store(words, INSIDE, 0);
      Atomics.add(words, MOVES, 1);
    },
    listed: (count) => void Atomics.store(words, LISTED, count),
  };
}

export function readPlace(buffer: SharedArrayBuffer): Place {
  const { words, key } = lay(buffer);
  const length = Atomics.load(words, INSIDE);
  return {
    moves: Atomics.load(words, MOVES),
    card: length === 0 ? undefined : String.fromCharCode(...key.subarray(0, length)),
    tick: Atomics.load(words, TICK),
    listed: Atomics.load(words, LISTED),
  };
}
