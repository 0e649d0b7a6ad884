import type { Card } from './cards.ts';
import type { Patience } from './protocol.ts';

/**
 * Which threads exist and which cards each of them reads. `advance` is a pure reducer over this state. Usually one thread
 * reads all cards. When a call about a card does not return, a second thread takes the cards that have just answered, and
 * each card that was not read yet gets a separate thread: if several of those hang too, they hang at the same time and not
 * one after the other. A hanging thread keeps its card, and reads it again when the call returns. After a while without
 * changes, one thread reads all cards again.
 */
export type Threads = {
  readonly threads: readonly ThreadState[];
  /** cards that no thread reads, because there are already MOST_THREADS */
  readonly waiting: readonly Card[];
  readonly nextId: number;
  /** a thread has answered since the start, so the driver is awake and opening a card is fast */
  readonly settled: boolean;
  /** when threads last hung, came back, started or ended */
  readonly changedMs: number;
};

export type ThreadState = {
  readonly id: number;
  /** undefined: all that the driver lists */
  readonly cards: readonly Card[] | undefined;
  /** the card whose call hangs, and since when */
  readonly stuck?: { readonly card: Card; readonly sinceMs: number };
  /** when its unexpected end was noticed */
  readonly deadMs?: number;
};

/** What the collector observes of a thread. */
export type Look = {
  /** it has ended unexpectedly */
  readonly dead: boolean;
  /** it has read the cards that it was assigned last */
  readonly answered: boolean;
  /** The card that its current driver call is about, and for how long; 0 if it has moved since the last observation. */
  readonly inside?: { readonly card: Card; readonly stillMs: number };
  /** its other cards: those that were read in this tick or are asleep, and those still to be read */
  readonly before: readonly Card[];
  readonly after: readonly Card[];
};

export type Action =
  | { readonly kind: 'start'; readonly id: number; readonly cards: readonly Card[] | undefined }
  | { readonly kind: 'assign'; readonly id: number; readonly cards: readonly Card[] | undefined }
  | { readonly kind: 'close'; readonly id: number };

export type Step = { readonly threads: Threads; readonly actions: readonly Action[] };

/** Each takes a few MB; one that hangs cannot be ended. */
export const MOST_THREADS = 16;

/** One thread for all cards. */
export const oneThread = (nowMs: number): Step => ({
  threads: { threads: [{ id: 1, cards: undefined }], waiting: [], nextId: 2, settled: false, changedMs: nowMs },
  actions: [{ kind: 'start', id: 1, cards: undefined }],
});

/** Threads that can answer: neither hanging nor ended. */
export const readersOf = ({ threads }: Threads): readonly ThreadState[] =>
  threads.filter(({ stuck, deadMs }) => !stuck && deadMs === undefined);

export type Limits = Pick<Patience, 'hangMs' | 'openMs' | 'restartMs' | 'calmMs'>;

/** @param looks observations by thread id */
export function advance(before: Threads, looks: ReadonlyMap<number, Look>, nowMs: number, limits: Limits): Step {
  const noted = note(before, looks, nowMs, limits);
  const staffed = staff(noted.step, noted.trusted, nowMs, limits);
  return gather(staffed, looks, nowMs, limits);
}

/** Records what has happened to each thread, and frees the other cards of a hanging thread. */
function note(before: Threads, looks: ReadonlyMap<number, Look>, nowMs: number, { hangMs, openMs }: Limits) {
  const actions: Action[] = [];
  const trusted: Card[] = [];
  const waiting = [...before.waiting];
  const settled = before.settled || [...looks.values()].some(({ answered }) => answered);
  const limitMs = settled ? hangMs : openMs;
  const threads = before.threads.map((thread): ThreadState => {
    const { dead, inside, ...others } = looks.get(thread.id)!;
    const { id, cards, stuck, deadMs } = thread;
    if (dead) return deadMs === undefined ? { id, cards, deadMs: nowMs } : thread;
    if (stuck) return inside?.card === stuck.card && inside.stillMs > 0 ? thread : { id, cards };
    if (!inside || inside.stillMs < limitMs) return thread;
    trusted.push(...others.before);
    waiting.push(...others.after);
    const own = [inside.card];
    if (cards?.length !== 1) actions.push({ kind: 'assign', id, cards: own });
    return { id, cards: own, stuck: { card: inside.card, sinceMs: nowMs } };
  });
  const changed = threads.some((thread, i) => thread !== before.threads[i]);
  const after = { ...before, threads, waiting, settled, changedMs: changed ? nowMs : before.changedMs };
  return { step: { threads: after, actions }, trusted };
}

/** Starts threads: replacements for those that ended, and new ones for cards without a thread. */
function staff({ threads: before, actions }: Step, trusted: readonly Card[], nowMs: number, limits: Limits): Step {
  const restarts = before.threads.filter(({ deadMs }) => deadMs !== undefined && nowMs >= deadMs + limits.restartMs);
  const kept = before.threads.filter((thread) => !restarts.includes(thread));
  const room = MOST_THREADS - before.threads.length;
  const together = trusted.length > 0 && room > 0 ? [trusted] : [];
  const alone = [...(together.length > 0 ? [] : trusted), ...before.waiting];
  const apart = inGroups(alone, room - together.length);
  const groups = [...restarts.map(({ cards }) => cards), ...together, ...apart];
  if (groups.length === 0) return { threads: { ...before, waiting: alone }, actions };
  const started = groups.map((cards, i): ThreadState => ({ id: before.nextId + i, cards }));
  return {
    threads: {
      ...before,
      threads: [...kept, ...started],
      waiting: apart.length > 0 ? [] : alone,
      nextId: before.nextId + groups.length,
      changedMs: nowMs,
    },
    actions: [...actions, ...started.map(({ id, cards }): Action => ({ kind: 'start', id, cards }))],
  };
}

/** Spreads cards evenly over at most `most` groups. */
function inGroups(cards: readonly Card[], most: number): readonly (readonly Card[])[] {
  const count = Math.max(0, Math.min(most, cards.length));
  return Array.from({ length: count }, (_, group) => cards.filter((_, i) => i % count === group));
}

/** Assigns the cards of several threads to one of them, once all have answered and nothing has changed for a while. */
function gather(step: Step, looks: ReadonlyMap<number, Look>, nowMs: number, { calmMs }: Limits): Step {
  const { threads: before, actions } = step;
  const readers = readersOf(before);
  const [first] = readers;
  const whole = readers.length === before.threads.length && before.waiting.length === 0;
  if (!first || (readers.length === 1 && (!whole || first.cards === undefined))) return step;
  const patienceMs = before.waiting.length > 0 ? 0 : calmMs; // cards wait for a thread: free one at once
  if (nowMs < before.changedMs + patienceMs || !readers.every(({ id }) => looks.get(id)?.answered)) return step;
  const keeper = readers.reduce((a, b) => ((b.cards?.length ?? 0) > (a.cards?.length ?? 0) ? b : a));
  const cards = whole ? undefined : readers.flatMap((reader) => reader.cards ?? []);
  const closed = readers.filter((reader) => reader !== keeper);
  return {
    threads: {
      ...before,
      threads: before.threads.flatMap((thread) =>
        thread === keeper ? [{ id: keeper.id, cards }] : closed.includes(thread) ? [] : [thread],
      ),
      changedMs: nowMs,
    },
    actions: [
      ...actions,
      { kind: 'assign', id: keeper.id, cards },
      ...closed.map(({ id }): Action => ({ kind: 'close', id })),
    ],
  };
}
