import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  MOST_THREADS,
  oneThread,
  readersOf,
  type Action,
  type Look,
  type Threads,
} from '../../app/telemetry/nvml/threads.ts';

const limits = { hangMs: 400, openMs: 5_000, restartMs: 5_000, calmMs: 5_000 };
const cardsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `card ${i}`);
const quiet: Look = { dead: false, answered: true, before: [], after: [] };

/** A thread in a card of some, for so long. */
function inside(cards: readonly string[], card: string, stillMs: number, answered = true): Look {
  const at = cards.indexOf(card);
  return { dead: false, answered, inside: { card, stillMs }, before: cards.slice(0, at), after: cards.slice(at + 1) };
}
const settled = (nowMs = 0): Threads => ({ ...oneThread(nowMs).threads, settled: true });
const step = (threads: Threads, looks: Record<number, Look>, nowMs: number) =>
  advance(threads, new Map(threads.threads.map(({ id }) => [id, looks[id] ?? quiet])), nowMs, limits);
const started = (actions: readonly Action[]) =>
  actions.flatMap((action) => (action.kind === 'start' ? [action.cards] : []));

describe('threads that read NVML', () => {
  it('begin with one for all cards, which continues for as long as it moves', () => {
    const { threads, actions } = oneThread(0);
    expect(actions).toEqual([{ kind: 'start', id: 1, cards: undefined }]);
    for (const stillMs of [0, 399]) {
      const next = step({ ...threads, settled: true }, { 1: inside(cardsOf(8), 'card 2', stillMs) }, 1_000);
      expect(next.actions).toEqual([]);
      expect(next.threads.threads).toEqual(threads.threads);
    }
  });

  it.each([
    ['of a known driver', true, 400, 1],
    ['just before that', true, 399, 0],
    ['at the first start, where cards are woken', false, 4_999, 0],
    ['at the first start, for five seconds', false, 5_000, 1],
  ])('hang after a time in one card: %s', (_, known, stillMs, hanging) => {
    const before = { ...oneThread(0).threads, settled: known };
    const { threads } = step(before, { 1: inside(cardsOf(2), 'card 0', stillMs, false) }, 9_000);
    expect(threads.threads.filter(({ stuck }) => stuck)).toHaveLength(hanging);
  });

  it.each([
    ['the first of four', 0, [['card 1'], ['card 2'], ['card 3']]],
    ['the second of four', 1, [['card 0'], ['card 2'], ['card 3']]],
    ['the third of four', 2, [['card 0', 'card 1'], ['card 3']]],
    ['the last of four', 3, [['card 0', 'card 1', 'card 2']]],
  ])('that hang in %s leave what has answered to one thread and each other card to another', (_, at, others) => {
    const { threads, actions } = step(settled(), { 1: inside(cardsOf(4), `card ${at}`, 400) }, 1_000);
    expect(actions[0]).toEqual({ kind: 'assign', id: 1, cards: [`card ${at}`] });
    expect(started(actions)).toEqual(others);
    expect(readersOf(threads)).toHaveLength(others.length);
  });

  it('that hang in five of eight cards have all been found two steps after the first was', () => {
    const hanging = ['card 0', 'card 2', 'card 3', 'card 5', 'card 7'];
    const first = step(settled(), { 1: inside(cardsOf(8), 'card 0', 400) }, 1_000);
    const looks = Object.fromEntries(
      first.threads.threads.map(({ id, cards }) => {
        const [card] = cards!;
        return [id, hanging.includes(card!) ? inside(cards!, card!, 400, false) : quiet];
      }),
    );
    const second = step(first.threads, looks, 1_400);
    expect(second.threads.threads.flatMap(({ stuck }) => stuck?.card ?? []).sort()).toEqual(hanging);
    expect(readersOf(second.threads).flatMap(({ cards }) => cards)).toEqual(['card 1', 'card 4', 'card 6']);
    expect(started(second.actions)).toEqual([]);
    // the three that answer are read by one thread once nothing has changed for a while
    const answered = Object.fromEntries(readersOf(second.threads).map(({ id }) => [id, quiet]));
    const calm = step(second.threads, { ...looks, ...answered }, 6_400);
    const assigned = calm.actions.filter(({ kind }) => kind === 'assign');
    expect(assigned).toMatchObject([{ cards: ['card 1', 'card 4', 'card 6'] }]);
    expect(calm.actions.filter(({ kind }) => kind === 'close')).toHaveLength(2);
    expect(calm.threads.threads).toHaveLength(6);
  });

  it('that come back read their card at once, and all cards are one thread’s again after a while', () => {
    const hung = step(settled(), { 1: inside(cardsOf(3), 'card 1', 400) }, 1_000).threads;
    const still = step(hung, { 1: inside(['card 1'], 'card 1', 900, false) }, 1_500);
    expect(still.actions).toEqual([]);
    const back = step(still.threads, { 1: quiet }, 2_000);
    expect(readersOf(back.threads)).toHaveLength(3);
    expect(step(back.threads, {}, 6_999).actions).toEqual([]);
    const whole = step(back.threads, {}, 7_000);
    expect(whole.threads.threads).toEqual([{ id: expect.any(Number), cards: undefined }]);
    expect(whole.actions.map(({ kind }) => kind).sort()).toEqual(['assign', 'close', 'close']);
  });

  it('are not made one while one of them has not answered yet', () => {
    const hung = step(settled(), { 1: inside(cardsOf(3), 'card 1', 400) }, 1_000).threads;
    const back = step(hung, { 1: quiet }, 2_000).threads;
    const young = { ...quiet, answered: false };
    expect(step(back, { 2: young }, 60_000).actions).toEqual([]);
  });

  it('that end are started again after a while, with the same cards', () => {
    const dead = { ...quiet, dead: true };
    const ended = step(settled(), { 1: dead }, 1_000);
    expect(readersOf(ended.threads)).toEqual([]);
    expect(step(ended.threads, { 1: dead }, 5_999).actions).toEqual([]);
    const again = step(ended.threads, { 1: dead }, 6_000);
    expect(again.actions).toEqual([{ kind: 'start', id: 2, cards: undefined }]);
    expect(again.threads.threads.map(({ id }) => id)).toEqual([2]);
  });

  it('are never more than so many, never read a card twice, and lose none, whatever hangs, ends and comes back', () => {
    const all = cardsOf(40);
    const happening = fc.array(
      fc.record({ afterMs: fc.nat(7_000), hanging: fc.subarray(all), dead: fc.array(fc.nat(20), { maxLength: 2 }) }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(happening, (moments) => {
        let threads = settled();
        let nowMs = 0;
        const ended = new Set<number>();
        for (const { afterMs, hanging, dead } of moments) {
          nowMs += afterMs;
          for (const at of dead) if (threads.threads[at]) ended.add(threads.threads[at].id);
          const looks = threads.threads.map(({ id, cards = all, stuck }): [number, Look] => {
            if (ended.has(id)) return [id, { ...quiet, dead: true }];
            const card =
              stuck && hanging.includes(stuck.card) ? stuck.card : cards.find((one) => hanging.includes(one));
            return [id, card === undefined ? quiet : inside(cards, card, 400)];
          });
          const next = advance(threads, new Map(looks), nowMs, limits);
          threads = next.threads;
          expect(threads.threads.length).toBeLessThanOrEqual(MOST_THREADS);
          const owned = threads.threads.flatMap(({ cards = all }) => cards);
          expect([...owned, ...threads.waiting].sort()).toEqual([...all].sort());
          // each thread has the cards that the actions assigned to it
          for (const action of next.actions) {
            if (action.kind === 'close') expect(threads.threads.map(({ id }) => id)).not.toContain(action.id);
            else expect(threads.threads.find(({ id }) => id === action.id)?.cards).toEqual(action.cards);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
