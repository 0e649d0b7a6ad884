import { cardOf, numbered, type Card } from './cards.ts';
import type { Place } from './place.ts';
import type { LeftAlone } from './protocol.ts';
import type { ReaderGpu } from './reader.ts';
import type { Look } from './threads.ts';

/** How long a thread has been observed in one driver call. */
export type Stillness = { readonly moves: number; readonly seenMs: number; readonly stillMs: number };

/**
 * Adds an observation. The time since the previous one counts at most `mostMs`: if this process itself was stopped, it
 * observed nothing.
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
  /** the cards it was assigned last; undefined: all */
  readonly cards: readonly Card[] | undefined;
  /** the GPUs as it opened them last */
  readonly gpus: readonly ReaderGpu[];
  readonly leftAlone: readonly LeftAlone[];
};

/** What the reducer of threads.ts needs to know about one thread. */
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
