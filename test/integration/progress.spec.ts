import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createProgress } from '../../app/workload/sessions/progress.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const HOUR = 3_600_000;
const { uuid } = testGpu();

const step = fc.record({
  /** ms since the sample before; a gap when it is long */
  afterMs: fc.constantFrom(1000, 1000, 1000, 5000, 20 * 60_000),
  coreTempC: fc.integer({ min: 30, max: 90 }),
  powerW: fc.option(fc.integer({ min: 20, max: 400 }), { nil: undefined }),
  addedMj: fc.integer({ min: 0, max: 500_000 }),
  /** how much of the time since the sample before was the session's; NaN: not reported */
  share: fc.constantFrom(1, 1, 0.5, Number.NaN),
  look: fc.boolean(),
});

it('reports for a running session what its summary at the end will be, however often it is read', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 40 }), fc.boolean(), (steps, counter) => {
      const { store } = openStore();
      const session = { id: store.sessions.begin('a', 'a', HOUR, process.pid), startedMs: HOUR };
      let tsMs = HOUR;
      let energyMj = 0;
      for (const { afterMs, coreTempC, powerW, addedMj, share, look } of steps) {
        const beforeMs = tsMs;
        tsMs += afterMs;
        energyMj += addedMj;
        const frame = frameWith({ coreTempC, powerW, ...(counter && { energyMj }) });
        store.append(tickWith(tsMs, afterMs > 10_000 ? undefined : afterMs, [frame]));
        store.tidy(tsMs); // hours are sealed meanwhile
        const span = { fromMs: beforeMs, toMs: tsMs, share: Number.isNaN(share) ? undefined : share };
        if (share !== 1) store.shares.note([{ sessionId: session.id, gpuId: store.gpus.list()[0]!.id, span }]);
        if (look) store.progress.of(session, [uuid], tsMs + 1);
      }
      // a machine that is busy may take several looks
      const soFar = () => store.progress.of(session, [uuid], tsMs + 1);
      for (let looks = 0; looks < 100; looks++) soFar();
      const { summaries } = store.finishSession(session, tsMs, 0, new Set(), { gpuUuids: [uuid] });
      expect(soFar().filter(({ observedMs }) => observedMs > 0)).toEqual(summaries);
      store.close();
    }),
    { numRuns: 40 },
  );
});

it('keeps what it told while a card that joined late is caught up with, a piece at each look', () => {
  const minute = 60_000;
  const read = (_: string, fromMs: number, toMs: number) =>
    Array.from({ length: 60 }, (_value, i) => i * minute)
      .filter((tsMs) => tsMs >= fromMs && tsMs < toMs)
      .map((tsMs) => ({ tsMs, dtMs: minute, frame: frameWith({ energyMj: tsMs * 100 }) }));
  const progress = createProgress({ read, sharesSince: () => [], windowMs: () => 1000 }, 0);
  const look = (...gpus: string[]) =>
    progress.of({ id: 1, startedMs: 0 }, gpus, 60 * minute).map(({ gpuUuid, energyJ }) => [gpuUuid, energyJ]);
  const whole = 59 * 60 * 100;
  expect(Array.from({ length: 6 }, () => look('A'))).toEqual([[], [], [], [], [], [['A', whole]]]);
  for (let i = 0; i < 5; i++) expect(look('A', 'B')).toEqual([['A', whole]]);
  expect(look('A', 'B')).toEqual([
    ['A', whole],
    ['B', whole],
  ]);
});

it('forgets sessions that have ended', () => {
  const { store } = openStore();
  const session = { id: store.sessions.begin('a', 'a', HOUR, process.pid), startedMs: HOUR };
  for (let i = 1; i <= 5; i++) store.append(tickWith(HOUR + i * 1000, 1000, [frameWith({ energyMj: i * 1e6 })]));
  expect(store.progress.of(session, [uuid], HOUR + 4000)[0]!.energyJ).toBe(2000);
  store.progress.keep(new Set());
  expect(store.progress.of(session, [uuid], HOUR + 6000)[0]!.energyJ).toBe(4000);
});
