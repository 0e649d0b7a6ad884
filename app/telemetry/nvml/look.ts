import { cardOf, numbered, type Card } from './cards.ts';
import type { Place } from './place.ts';
import type { LeftAlone } from './protocol.ts';
import type { ReaderGpu } from './reader.ts';
import type { Look } from './threads.ts';

/** How long a thread was seen in one place. */
export type Stillness = { readonly moves: number; readonly seenMs: number; readonly stillMs: number };

/**
 * What another look adds. Time between two looks counts at most `mostMs`: when this process itself stood still, nothing
 * is known of the thread.
 */
export function stillnessOf({ moves, card }: Place, before: Stillness, nowMs: number, mostMs: number): Stillness {
  const still = card !== undefined && moves === before.moves;
  const stillMs = still ? before.stillMs + Math.min(nowMs - before.seenMs, mostMs) : 0;
  return { moves, seenMs: nowMs, stillMs };
}

export type Seen = {
  readonly dead: boolean;
  readonly answered: boolean;
  readonly place: Place;
  readonly stillMs: number;
  /** the cards it was given last; undefined: all */
  readonly cards: readonly Card[] | undefined;
  /** as it opened them last */
  readonly gpus: readonly ReaderGpu[];
  readonly leftAlone: readonly LeftAlone[];
};

/** What the step from one state of the threads to the next needs to know of one. */
export function lookOf({ dead, answered, place, stillMs, cards, gpus, leftAlone }: Seen): Look {
  const { card, tick, listed } = place;
  if (card === undefined) return { dead, answered, before: [], after: [] };
  const opening = cards ?? Array.from({ length: listed }, (_, index) => numbered(index));
  const all = tick > 0 ? gpus.map(({ identity }) => cardOf(identity)) : opening;
  const alone = leftAlone.map(({ busId }) => busId);
  const at = all.indexOf(card);
  return {
    dead,
    answered,
    inside: { card, stillMs },
    before: [...all.slice(0, Math.max(0, at)).filter((one) => !alone.includes(one)), ...alone],
    after: all.slice(at + 1).filter((one) => one !== card && !alone.includes(one)),
  };
}
