import { describe, expect, it } from 'vitest';
import { createPace } from '../../app/telemetry/pace.ts';
import { createTestClock } from '../support/clock.ts';

/** Starts of readings that take a scripted time each, and what was due at them. */
async function readings(
  forMs: number,
  tookMs: (read: number) => number,
  change?: (pace: ReturnType<typeof createPace>) => void,
) {
  const clock = createTestClock();
  const pace = createPace(clock, 1000);
  const starts: number[] = [];
  const slow: number[] = [];
  const abort = new AbortController();
  const loop = (async () => {
    while (!abort.signal.aborted) {
      const due = await pace.next(abort.signal);
      if (abort.signal.aborted) return;
      starts.push(clock.monoMs());
      if (due.includes('slow')) slow.push(clock.monoMs());
      await clock.sleep(tookMs(starts.length - 1));
    }
  })();
  await clock.advance(forMs / 2);
  change?.(pace);
  await clock.advance(forMs / 2);
  abort.abort();
  await clock.advance(60_000);
  await loop;
  return { starts, slow };
}

describe('the pace of a source', () => {
  it('keeps its grid when readings are slow: a late one does not shift the next', async () => {
    const { starts } = await readings(10_500, (read) => (read % 3 === 0 ? 300 : 1));
    expect(starts).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]);
  });

  it('leaves out what it missed and returns to the grid', async () => {
    const { starts } = await readings(9_500, (read) => (read === 2 ? 3_400 : 1));
    expect(starts).toEqual([0, 1000, 2000, 6000, 7000, 8000, 9000]);
  });

  it('asks for what is costly only now and then', async () => {
    const { slow } = await readings(20_500, () => 1);
    expect(slow).toEqual([0, 5000, 10_000, 15_000, 20_000]);
  });

  it('takes a new interval after the moment it waits for', async () => {
    const { starts } = await readings(
      4_000,
      () => 0,
      (pace) => pace.setInterval(100),
    );
    expect(starts.slice(0, 3)).toEqual([0, 1000, 2000]);
    expect(starts.slice(2, 5)).toEqual([2000, 3000, 3100]);
  });

  it.each([
    ['begins between two moments of the grid', 300, [300, 1000, 2000, 3000]],
    ['begins on one', 1000, [1000, 2000, 3000]],
  ])('begins at once and continues on a shared grid: %s', async (_, beginsMs, expected) => {
    const clock = createTestClock();
    await clock.advance(beginsMs);
    const pace = createPace(clock, 1000, { slow: 5_000, rare: 60_000 }, 0);
    const starts: number[] = [];
    const abort = new AbortController();
    const loop = (async () => {
      for (;;) {
        await pace.next(abort.signal);
        if (abort.signal.aborted) return;
        starts.push(clock.monoMs());
      }
    })();
    await clock.advance(3_500 - beginsMs);
    abort.abort();
    await clock.advance(60_000);
    await loop;
    expect(starts).toEqual(expected);
  });
});
