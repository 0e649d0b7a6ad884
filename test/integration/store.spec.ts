import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { valueOf } from '../../app/metrics/frame.ts';
import { openLedgerStore } from '../../app/wear/ledger/ledger-store.node.ts';
import { wearReadings } from '../../app/wear/columns.ts';
import { replayCard } from '../../app/wear/replay-card.ts';
import { createWearTracker } from '../../app/wear/tracker.ts';
import { firedEntry } from '../support/alerts.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const START = Date.UTC(2026, 2, 1, 9, 0, 30);
const uuid = testGpu().uuid;

/** One GPU, one sample a second, at these temperatures; undefined is an absent reading. */
function fill(store: ReturnType<typeof createStore>, temps: readonly (number | undefined)[], startMs = START) {
  temps.forEach((temp, i) => {
    store.append(
      tickWith(startMs + i * 1000, i === 0 ? undefined : 1000, [
        frameWith({ coreTempC: temp ?? 'stalled', powerW: 100 }),
      ]),
    );
  });
}

describe('the history', () => {
  it('gives back every reading and every reason for its absence', () => {
    const { store } = openStore();
    const frame = frameWith({
      coreTempC: 67.4,
      powerW: 312.401,
      memTempC: 'unsupported',
      fanPct: 'lost',
      energyMj: 2 ** 52,
    });
    frame.derived[0] = 1;
    store.append(tickWith(START, undefined, [frame]));
    const [sample] = [...store.samplesBetween(uuid, START, START + 1)];
    expect(sample).toMatchObject({ tsMs: START, dtMs: undefined });
    expect(sample!.frame.values).toEqual(frame.values);
    expect(sample!.frame.states).toEqual(frame.states);
    expect(sample!.frame.derived).toEqual(frame.derived);
  });

  it('survives a restart', () => {
    const { store, file } = openStore();
    fill(store, [50, 51, 52]);
    store.close();
    const again = openStore(file).store;
    expect([...again.samplesBetween(uuid, 0, 1e15)].map(({ frame }) => valueOf(frame, 'coreTempC'))).toEqual([
      50, 51, 52,
    ]);
    expect(again.gpus.list()).toMatchObject([{ uuid, name: 'Test GPU 0' }]);
  });

  it('keeps the order of arrival when the clock is set back', () => {
    const { store } = openStore();
    fill(store, [50, 51]);
    fill(store, [60, 61], START - 3_600_000);
    const temps = [...store.samplesAfter(1, 0)].map(({ frame }) => valueOf(frame, 'coreTempC'));
    expect(temps).toEqual([50, 51, 60, 61]);
  });
});

const temps = fc.array(fc.option(fc.integer({ min: 20, max: 100 }), { nil: undefined, freq: 8 }), {
  minLength: 1,
  maxLength: 400,
});

describe('a range', () => {
  it('never has more buckets than asked, loses no spike and invents nothing, with samples and with roll-ups', () => {
    fc.assert(
      fc.property(
        temps,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: -200, max: 200 }),
        fc.integer({ min: 1, max: 600 }),
        (list, buckets, offsetS, spanS) => {
          const opened = openDatabase(':memory:');
          if (!opened.ok) throw new Error(opened.error.message);
          const store = createStore(opened.value.db);
          fill(store, list);
          const fromMs = START + offsetS * 1000;
          const toMs = fromMs + spanS * 1000;
          const range = store.range({ gpuUuid: uuid, metrics: ['coreTempC'], fromMs, toMs, buckets })!;
          const { min, mean, max } = range.series.coreTempC!;
          expect(mean.length).toBeLessThanOrEqual(buckets);
          // slices of roll-ups are whole minutes, but what is in them is of the range
          const inside = list.filter((temp, i) => {
            const tsMs = START + i * 1000;
            return temp !== undefined && tsMs >= fromMs && tsMs < toMs;
          }) as number[];
          const finite = (values: Float64Array) => [...values].filter((value) => !Number.isNaN(value));
          if (inside.length === 0) expect(finite(mean)).toEqual([]);
          else {
            expect(Math.min(...finite(min))).toBe(Math.min(...inside));
            expect(Math.max(...finite(max))).toBe(Math.max(...inside));
          }
          expect(range.counts.reduce((a, b) => a + b, 0)).toBe(inside.length);
          mean.forEach((value, i) => {
            if (Number.isNaN(value)) return;
            expect(value).toBeGreaterThanOrEqual(min[i]! - 1e-9);
            expect(value).toBeLessThanOrEqual(max[i]! + 1e-9);
          });
          store.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('over roll-ups has the minima, means and maxima of the samples', () => {
    const { store } = openStore();
    const list = Array.from({ length: 3000 }, (_, i) => 40 + Math.round(20 * Math.sin(i / 37)));
    fill(store, list);
    const fromMs = Math.floor(START / 60_000) * 60_000;
    const toMs = fromMs + 51 * 60_000;
    const range = store.range({ gpuUuid: uuid, metrics: ['coreTempC'], fromMs, toMs, buckets: 10 })!;
    expect(range.resolution).toBe('minute');
    range.series.coreTempC!.mean.forEach((mean, bucket) => {
      const from = range.fromMs + bucket * range.stepMs;
      const part = list.filter((_, i) => START + i * 1000 >= from && START + i * 1000 < from + range.stepMs);
      if (part.length === 0) return expect(mean).toBeNaN();
      expect(mean).toBeCloseTo(part.reduce((a, b) => a + b) / part.length, 9);
      expect(range.series.coreTempC!.min[bucket]).toBe(Math.min(...part));
      expect(range.series.coreTempC!.max[bucket]).toBe(Math.max(...part));
    });
  });

  it('shows time without samples as a gap with its reason', () => {
    const { store } = openStore();
    fill(store, [50]);
    store.append({
      ...tickWith(START + 60_000, undefined, [frameWith({ coreTempC: 50 })]),
      gap: { fromMs: START, toMs: START + 60_000, reason: 'suspended' },
    });
    const range = store.range({
      gpuUuid: uuid,
      metrics: ['coreTempC'],
      fromMs: START,
      toMs: START + 61_000,
      buckets: 61,
    })!;
    expect(range.gaps).toEqual([{ fromMs: START, toMs: START + 60_000, reason: 'suspended' }]);
    expect([...range.series.coreTempC!.mean].filter(Number.isFinite)).toHaveLength(2);
  });
});

describe('what was seen on a GPU', () => {
  it('tells which GPUs a command used, by time and process', () => {
    const { store } = openStore();
    const seen = (tsMs: number, pids: readonly (readonly number[])[]) =>
      store.append({
        ...tickWith(tsMs, 1000, [frameWith({ powerW: 100 }), frameWith({ powerW: 100 })]),
        gpus: pids.map((list, i) => ({
          gpu: testGpu(i),
          frame: frameWith({ powerW: 100, coreTempC: 60 }),
          processes: list.map((pid) => ({ pid, name: `p${pid}` })),
        })),
      });
    seen(START, [[1], [2]]);
    seen(START + 5000, [[1], [2]]);
    const session = { id: store.sessions.begin('x', 'x', START, 1), startedMs: START };
    const { seenOn, summaries } = store.finishSession(session, START + 6000, 0, new Set([2, 99]));
    expect(seenOn).toEqual([testGpu(1).uuid]);
    expect(summaries.map(({ gpuUuid }) => gpuUuid)).toEqual([testGpu(1).uuid]);
    expect(store.sessions.newest(1)[0]).toMatchObject({ gpus: [testGpu(1).uuid], exitCode: 0, endedMs: START + 6000 });
  });

  it('counts every recorded GPU when the command was seen on none', () => {
    const { store } = openStore();
    store.append(tickWith(START, undefined, [frameWith({ powerW: 100 }), frameWith({ powerW: 50 })]));
    store.append(tickWith(START + 1000, 1000, [frameWith({ powerW: 100 }), frameWith({ powerW: 50 })]));
    const { seenOn, summaries } = store.finishSession(
      { id: store.sessions.begin('x', 'x', START, 1), startedMs: START },
      START + 2000,
      null,
      new Set([7]),
    );
    expect(seenOn).toEqual([]);
    expect(summaries.map(({ energyJ }) => energyJ)).toEqual([100, 50]);
  });
});

describe('alerts on disk', () => {
  it('are found open after a restart, and cleared once', () => {
    const { store, file } = openStore();
    fill(store, [50]);
    store.alerts.record([firedEntry('core-near-slowdown', START, uuid)]);
    store.close();
    const again = openStore(file).store;
    expect(again.alerts.open()).toMatchObject([{ rule: 'core-near-slowdown', firedMs: START, clearedMs: null }]);
    again.alerts.record([{ kind: 'cleared', gpuUuid: uuid, rule: 'core-near-slowdown', tsMs: START + 9000, peak: 99 }]);
    expect(again.alerts.open()).toEqual([]);
    expect(again.alerts.newest(1)).toMatchObject([{ clearedMs: START + 9000, peak: 99 }]);
    expect(again.alerts.between(START + 1000, START + 2000)).toHaveLength(1);
    expect(again.alerts.between(START + 10_000, START + 20_000)).toHaveLength(0);
  });
});

describe('wear', () => {
  it('is the same whether the state was saved in between, at the end, or never', () => {
    const list = Array.from({ length: 1000 }, (_, i) => 40 + (i % 45));
    const run = (saveAt: readonly number[]) => {
      const { store, file } = openStore();
      const ledgers = () => openLedgerStore(path.join(path.dirname(file), 'ledger'));
      let tracker = createWearTracker(store, ledgers());
      list.forEach((temp, i) => {
        const tick = tickWith(START + i * 8000, i === 0 ? undefined : 8000, [frameWith({ coreTempC: temp })]);
        tracker.feed(tick, store.append(tick));
        if (saveAt.includes(i)) {
          tracker.save();
          tracker = createWearTracker(store, ledgers());
        }
      });
      store.close();
      return createWearTracker(openStore(file).store, ledgers()).exposureOf(uuid);
    };
    const never = run([]);
    expect(never?.observedHours).toBeCloseTo((999 * 8) / 3600, 9);
    expect(run([999])).toEqual(never);
    expect(run([10, 11, 150, 460, 700])).toEqual(never);
  });
});

describe('a change of the model', () => {
  const filled = () => {
    const { store, file } = openStore();
    const ledgers = () => openLedgerStore(path.join(path.dirname(file), 'ledger'));
    const tracker = createWearTracker(store, ledgers());
    for (let i = 0; i < 1000; i++) {
      const tick = tickWith(START + i * 8000, i === 0 ? undefined : 8000, [frameWith({ coreTempC: 40 + (i % 45) })]);
      tracker.feed(tick, store.append(tick));
    }
    tracker.save();
    return { store, file, ledgers, before: tracker.exposureOf(uuid)! };
  };

  it('runs the whole history again, elsewhere, and takes what is sampled meanwhile afterwards', async () => {
    const { store, ledgers, before } = filled();
    const { state, fedToId } = store.wear.load(1)!;
    store.wear.save(1, fedToId, { ...state, modelVersion: 'an older one' });
    let finish: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (finish = resolve));
    const tracker = createWearTracker(store, ledgers(), async (gpuId, onProgress) => {
      onProgress(0.5);
      await waiting;
      return replayCard(store.replayAll(gpuId, wearReadings));
    });
    const tick = tickWith(START + 1000 * 8000, 8000, [frameWith({ coreTempC: 50 })]);
    tracker.feed(tick, store.append(tick));
    expect(tracker.replayOf(uuid)).toBe(0.5);
    expect(tracker.exposureOf(uuid)).toBeUndefined();
    finish();
    await vi.waitFor(() => expect(tracker.replayOf(uuid)).toBeUndefined());
    const after = tracker.exposureOf(uuid)!;
    expect(after.observedHours).toBeCloseTo(before.observedHours + 8 / 3600, 9);
  });

  it('rebuilds a ledger that was lost, from what the history still holds', () => {
    const { store, file, ledgers, before } = filled();
    fs.rmSync(path.join(path.dirname(file), 'ledger'), { recursive: true });
    expect(createWearTracker(store, ledgers()).exposureOf(uuid)).toEqual(before);
  });

  it('keeps the card’s life when the history is gone: the ledger is enough', () => {
    const { ledgers, before } = filled();
    const { store } = openStore();
    const tick = tickWith(START + 9_000_000, undefined, [frameWith({ coreTempC: 50 })]);
    const tracker = createWearTracker(store, ledgers());
    tracker.feed(tick, store.append(tick));
    const kept = tracker.exposureOf(uuid)!;
    // the hour that went on when the history was lost is lost with it
    expect(kept.observedHours).toBeGreaterThan(before.observedHours - 1);
    expect(kept.observedHours).toBeLessThanOrEqual(before.observedHours);
  });
});
