import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAUSE_MS, pauseEndMs } from '../../app/alerts/pause.ts';

const DAY_MS = 86_400_000;

describe('a pause of alerts', () => {
  it.each([
    [null, undefined],
    [1000, undefined],
    [1001, 1001],
    [1000 + PAUSE_MS, 1000 + PAUSE_MS],
    [1000 + DAY_MS, 1000 + DAY_MS],
    [1001 + DAY_MS, undefined],
  ])('until %d is at 1000 in force until %d', (pausedUntilMs, end) =>
    expect(pauseEndMs({ pausedUntilMs }, 1000)).toBe(end),
  );

  it('lasts a day at most, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (pausedUntilMs, nowMs) => {
        const end = pauseEndMs({ pausedUntilMs }, nowMs);
        if (end !== undefined) expect(end - nowMs > 0 && end - nowMs <= DAY_MS).toBe(true);
      }),
    );
  });
});
