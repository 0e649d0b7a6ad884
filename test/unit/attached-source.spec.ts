import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTickClock } from '../../app/recorder/attached-source.node.ts';

const tick = fc.record({
  dtMs: fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
  missed: fc.boolean(),
  delayMs: fc.nat(900),
});

it('ticks of another recorder keep their distances, whenever they arrive, and time never runs back', () => {
  fc.assert(
    fc.property(fc.array(tick, { minLength: 2 }), fc.integer({ min: -1e9, max: 1e9 }), (ticks, clockOffMs) => {
      let monoMs = 0;
      let wayMs = 0;
      const clock = { monoMs: () => monoMs + wayMs, wallMs: () => monoMs + wayMs + clockOffMs };
      const timeOf = createTickClock(clock);
      let seq = 0;
      let previousMs: number | undefined;
      for (const { dtMs, missed, delayMs } of ticks) {
        seq += missed ? 2 : 1;
        monoMs += dtMs ?? 60_000;
        wayMs = delayMs;
        const at = timeOf({ seq, tsMs: monoMs + clockOffMs, dtMs });
        if (previousMs !== undefined && dtMs !== undefined && !missed) expect(at - previousMs).toBe(dtMs);
        else expect(at).toBe(monoMs); // placed by its arrival, less its way
        if (previousMs !== undefined) expect(at).toBeGreaterThanOrEqual(previousMs);
        previousMs = at;
      }
    }),
  );
});

it('a wall clock that was set does not move a tick', () => {
  const clock = { monoMs: () => 5000, wallMs: () => 9e12 };
  expect(createTickClock(clock)({ seq: 1, tsMs: 1000, dtMs: undefined })).toBe(5000);
});
