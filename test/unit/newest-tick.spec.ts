import { expect, it } from 'vitest';
import { readingOf } from '../../app/metrics/frame.ts';
import { createNewestTick } from '../../app/recorder/socket/newest-tick.ts';
import { frameWith, tickWith } from '../support/frames.ts';

it('keeps the last reading of what is read every few seconds only', () => {
  const newest = createNewestTick();
  const first = frameWith({ powerW: 100, fanPct: 40, tempSlowdownC: 93 });
  const second = frameWith({ powerW: 200, fanPct: 'unread', tempSlowdownC: 'unread' });
  const [gpu] = newest(tickWith(1000, 1000, [first])).gpus;
  expect(gpu!.frame).toEqual(first);
  const later = newest(tickWith(2000, 1000, [second]));
  const read = later.gpus[0]!.frame;
  expect([readingOf(read, 'powerW'), readingOf(read, 'fanPct'), readingOf(read, 'tempSlowdownC')]).toMatchObject([
    { value: 200 },
    { value: 40 },
    { value: 93 },
  ]);
  expect([later.tsMs, readingOf(first, 'powerW')]).toMatchObject([2000, { value: 100 }]); // ticks are left as they are
});

it('says that a card no longer gives something as soon as it does', () => {
  const newest = createNewestTick();
  newest(tickWith(1000, 1000, [frameWith({ fanPct: 40 })]));
  const lost = frameWith({ fanPct: 'lost' });
  expect(readingOf(newest(tickWith(2000, 1000, [lost])).gpus[0]!.frame, 'fanPct').state).toBe('lost');
});

it('forgets a card that is no longer listed', () => {
  const newest = createNewestTick();
  newest(tickWith(1000, 1000, [frameWith({}), frameWith({})]));
  expect(newest(tickWith(2000, 1000, [frameWith({})])).gpus).toHaveLength(1);
});
