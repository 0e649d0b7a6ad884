import { describe, expect, it } from 'vitest';
import { lookOf, stillnessOf } from '../../app/telemetry/nvml/look.ts';
import { createPlace, readPlace, writePlace } from '../../app/telemetry/nvml/place.ts';

const slot = (n: number): string => `00000000:0${n}:00.0`;
const gpus = [1, 2, 3].map((n, index) => ({
  openCode: 0,
  identity: { uuid: `GPU-${n}`, index, name: 'GPU', pciBusId: slot(n) },
}));
const place = { moves: 7, card: slot(2), tick: 5, listed: 3 };
const seen = { dead: false, answered: true, place, stillMs: 100, cards: undefined, gpus, leftAlone: [] };

const leftAlone = [{ busId: slot(3), state: 'asleep' as const }];
const byNumber = { ...seen, place: { ...place, card: '#1', tick: 0 }, gpus: [] };
const opening = { ...seen, place: { ...place, tick: 0 }, cards: [1, 2, 3].map(slot), leftAlone };

describe('what is seen of a thread', () => {
  it.each([
    ['it reads the second of three', seen, [slot(1)], [slot(3)]],
    ['it opens the second of three by its number', byNumber, ['#0'], ['#2']],
    ['it opens the one card it was given', { ...seen, place: { ...place, tick: 0 }, cards: [slot(2)] }, [], []],
    ['another card sleeps', { ...seen, gpus: gpus.slice(0, 2), leftAlone }, [slot(1), slot(3)], []],
    ['it opens its assigned cards, of which one sleeps', opening, [slot(1), slot(3)], []],
  ])('names the cards before and after the one it is in: %s', (_, what, before, after) => {
    expect(lookOf(what)).toMatchObject({ before, after, inside: { card: what.place.card, stillMs: 100 } });
  });

  it('is nothing of a card while it is outside the driver', () => {
    expect(lookOf({ ...seen, place: { ...place, card: undefined } }).inside).toBeUndefined();
  });

  it.each([
    ['it is where it was', place, 300, 350],
    ['it has moved', { ...place, moves: 8 }, 300, 0],
    ['it is outside the driver', { ...place, card: undefined }, 300, 0],
    ['this process stood still in between', place, 60_000, 450],
  ])('counts for how long it stays in one card: %s', (_, now, nowMs, stillMs) => {
    const before = { moves: 7, seenMs: 50, stillMs: 100 };
    expect(stillnessOf(now, before, nowMs, 350).stillMs).toBe(Math.min(stillMs, 450));
  });

  it('is what the thread has written, also while it opens cards', () => {
    const shared = createPlace();
    const writer = writePlace(shared);
    expect(readPlace(shared)).toEqual({ moves: 0, card: undefined, tick: 0, listed: 0 });
    writer.listed(8);
    writer.enter('#7', 0);
    expect(readPlace(shared)).toEqual({ moves: 1, card: '#7', tick: 0, listed: 8 });
    writer.enter(slot(3), 12);
    expect(readPlace(shared)).toEqual({ moves: 2, card: slot(3), tick: 12, listed: 8 });
    writer.leave();
    expect(readPlace(shared)).toMatchObject({ moves: 3, card: undefined });
  });
});
