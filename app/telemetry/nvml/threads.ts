import type { Card } from './cards.ts';
import type { Patience } from './protocol.ts';

/**
 * Which threads there are and which cards each of them reads: a pure step from one state to the next. Usually one thread
 * reads all cards. When a call about a card does not return, the cards that have just answered go to a second thread
 * together, and each card that has not been asked yet goes to a thread of its own: were several of them hanging too, they
 * would hang at the same time and not one after the other. A thread that hangs keeps its card, and reads it again when
 * the call returns. Once nothing has changed for a while, one thread reads everything again.
 */
export type Threads = {
  readonly threads: readonly ThreadState[];
  /** cards that no thread reads, because there is room for no more threads */
  readonly waiting: readonly Card[];
  readonly nextId: number;
  /** a thread has answered since the start: opening a card is quick from now on */
  readonly settled: boolean;
  /** when threads last hung, came back, started or ended */
  readonly changedMs: number;
};

export type ThreadState = {
  readonly id: number;
  /** undefined: all that the driver lists */
  readonly cards: readonly Card[] | undefined;
  /** the card that it hangs in, and since when */
  readonly stuck?: { readonly card: Card; readonly sinceMs: number };
  /** when it was found to have ended unexpectedly */
  readonly deadMs?: number;
};

/** What can be seen of a thread from outside. */
export type Look = {
  /** it has ended unexpectedly */
  readonly dead: boolean;
  /** it has read the cards that it was given last */
  readonly answered: boolean;
  /** The card it is in the driver for, and for how long it was seen there; 0 when it has moved since the last look. */
  readonly inside?: { readonly card: Card; readonly stillMs: number };
  /** its other cards: those that have answered in this round or are left alone, and those still to be asked */
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

/** Threads whose readings are to be waited for. */
export const readersOf = ({ threads }: Threads): readonly ThreadState[] =>
  threads.filter(({ stuck, deadMs }) => !stuck && deadMs === undefined);

export type Limits = Pick<Patience, 'hangMs' | 'openMs' | 'restartMs' | 'calmMs'>;

/** @param looks of each thread, by its id */
export function advance(before: Threads, looks: ReadonlyMap<number, Look>, nowMs: number, limits: Limits): Step {
  const noted = note(before, looks, nowMs, limits);
  const staffed = staff(noted.step, noted.trusted, nowMs, limits);
  return gather(staffed, looks, nowMs, limits);
}

/** Takes note of what has happened to each thread. Cards of a thread that hangs are for others to read. */
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

/** Starts threads: in place of those that ended, and for cards that nobody reads. */
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

/** Spreads cards over so many groups at most, as evenly as can be. */
function inGroups(cards: readonly Card[], most: number): readonly (readonly Card[])[] {
  const count = Math.max(0, Math.min(most, cards.length));
  return Array.from({ length: count }, (_, group) => cards.filter((_, i) => i % count === group));
}

/** Gives what several threads read to one of them, when they have all answered and nothing changes any more. */
function gather(step: Step, looks: ReadonlyMap<number, Look>, nowMs: number, { calmMs }: Limits): Step {
  const { threads: before, actions } = step;
  const readers = readersOf(before);
  const [first] = readers;
  const whole = readers.length === before.threads.length && before.waiting.length === 0;
  if (!first || (readers.length === 1 && (!whole || first.cards === undefined))) return step;
  const patienceMs = before.waiting.length > 0 ? 0 : calmMs; // there, threads are scarce
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
