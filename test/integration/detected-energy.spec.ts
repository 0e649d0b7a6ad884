// Sessions that are detected from ticks: their energy is that of the work, whatever the ticks.
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { createWorkloadWatch } from '../../app/workload/sessions/watch.node.ts';
import { readLoad, samplesAt } from '../support/cards.ts';
import { temporaryFolder } from '../support/folders.ts';
import { testGpu, tickWith } from '../support/frames.ts';
import { setValue } from '../../app/metrics/frame.ts';

const [IDLE_W, LIMIT_W, LIST_MS] = [20, 400, 5000];

const scenario = fc.record({
  everyMs: fc.constantFrom(250, 500, 1000, 2000, 5000),
  phase: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  workS: fc.integer({ min: 12, max: 60 }),
  beginMs: fc.integer({ min: 11_000, max: 17_000 }),
  watts: fc.integer({ min: 100, max: LIMIT_W }),
  counter: fc.option(fc.record({ updateMs: fc.integer({ min: 20, max: 100 }), phaseMs: fc.nat(100) }), {
    nil: undefined,
  }),
  lists: fc.boolean(),
});

describe('a detected session', () => {
  let server: ChildProcess;
  beforeAll(() => {
    const args = ['-e', 'setInterval(() => {}, 1e9)', '/opt/llama.cpp/llama-server'];
    server = spawn(process.execPath, args, { stdio: 'ignore' });
  });
  afterAll(() => void server.kill('SIGKILL'));

  it('begins with the tick in which work began, and its range has the energy of the work', () => {
    const folder = temporaryFolder();
    let run = 0;
    fc.assert(
      fc.property(scenario, ({ everyMs, phase, workS, beginMs, watts, counter, lists }) => {
        const endMs = beginMs + workS * 1000;
        const knots = [0, beginMs, beginMs, endMs, endMs, endMs + 60_000];
        const levels = [IDLE_W, IDLE_W, watts, watts, IDLE_W, IDLE_W];
        const load = knots.map((atMs, i) => ({ atMs, watts: levels[i]! }));
        const moments: number[] = [];
        for (let atMs = Math.round(phase * everyMs); atMs < endMs + 12_000; atMs += everyMs) moments.push(atMs);
        /** share of the time since a moment in which the card worked, % */
        const busyPct = (fromMs: number, toMs: number): number =>
          (100 * Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, beginMs))) / (toMs - fromMs);

        const opened = openDatabase(path.join(folder, `${run++}.db`));
        if (!opened.ok) throw new Error(opened.error.message);
        const store = createStore(opened.value.db);
        const watch = createWorkloadWatch({ store, onSessions: () => undefined });
        let listedMs = -LIST_MS;
        for (const { tsMs, dtMs, frame } of samplesAt({ load, limitW: LIMIT_W, gain: 1, counter }, moments)) {
          setValue(frame, 'gpuUtilPct', Math.round(busyPct(tsMs - 1000, tsMs)));
          const listed = lists && tsMs - listedMs >= LIST_MS;
          const smPct = Math.round(busyPct(listedMs, tsMs));
          const told = listed ? { processes: [{ pid: server.pid!, name: 'node', smPct }] } : {};
          if (listed) listedMs = tsMs;
          const tick = { ...tickWith(tsMs, dtMs, [frame]), gpus: [{ gpu: testGpu(), frame, ...told }] };
          watch.feed(tick, store.append(tick));
        }
        watch.stop();
        const sessions = store.sessions.newest(10);
        store.close();
        expect(sessions).toHaveLength(1);
        const [{ startedMs, endedMs, summary }] = sessions as [(typeof sessions)[0]];
        const [{ energyRangeJ, energyFrom, energyJ }] = summary!.gpus as [NonNullable<typeof summary>['gpus'][0]];
        expect(energyFrom).toBe(counter ? 'counter' : 'power');
        // utilisation needs a moment to be seen: it is a mean over a second
        expect(startedMs).toBeLessThanOrEqual(beginMs + 200);
        expect(startedMs).toBeGreaterThanOrEqual(beginMs - Math.max(everyMs, lists ? LIST_MS : 0));
        const { joules } = readLoad(load);
        for (const trueJ of [joules(endMs) - joules(beginMs), joules(endedMs!) - joules(startedMs)]) {
          expect(energyRangeJ!.low).toBeLessThanOrEqual(trueJ);
          expect(energyRangeJ!.high).toBeGreaterThanOrEqual(trueJ);
        }
        // ±5 %, and what lies between the ticks at which work began and ended
        const atEndsJ = (watts * 2 * (3 * everyMs + 2000 + (lists ? LIST_MS : 0))) / 1000;
        expect(energyRangeJ!.high - energyRangeJ!.low).toBeLessThanOrEqual(0.1003 * energyJ! + atEndsJ / 0.95);
      }),
      { numRuns: 60 },
    );
  });
});
