import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Store } from '../../app/recorder/store.ts';
import type { StoredSample } from '../../app/history/samples.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';
import { V1_GPUS, V1_PRUNED_BEFORE, v1Samples } from '../fixtures/history/v1.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 1, 9, 40);
const uuid = testGpu().uuid;
const KEEP = { retentionDays: 36_500, historyCapMb: null };
const LATER = START + 400 * 24 * HOUR;

/** Does all the housekeeping there is. */
function settle(store: Store, nowMs: number, rule: Parameters<Store['housekeep']>[0] = KEEP): void {
  while (store.housekeep(rule, nowMs));
}

/** Samples without their place in the order of arrival. */
const contents = (samples: Iterable<StoredSample>) =>
  [...samples].map(({ tsMs, dtMs, frame }) => ({ tsMs, dtMs, frame }));

describe('a history of schema 1', () => {
  const migrated = () => {
    const file = path.join(temporaryFolder(), 'history.db');
    fs.copyFileSync(path.resolve(import.meta.dirname, '../fixtures/history/v1.db'), file);
    return openStore(file).store;
  };

  it('keeps all its samples, readings, reasons and the order they came in', () => {
    const store = migrated();
    for (let gpu = 0; gpu < V1_GPUS; gpu++) {
      const kept = v1Samples.filter(({ tsMs }) => tsMs >= V1_PRUNED_BEFORE);
      const expected = kept.map(({ tsMs, dtMs, gpus }, i) => {
        const made = frameWith(gpus[gpu]!);
        if ((v1Samples.length - kept.length + i) % 10 === 3) made.derived[0] = made.states[0] === 1 ? 1 : 0;
        return { tsMs, dtMs, frame: made };
      });
      expect(contents(store.samplesAfter(gpu + 1, 0))).toEqual(expected);
    }
  });

  it('keeps what its roll-ups knew of samples that were deleted', () => {
    const store = migrated();
    const fromMs = Math.floor(v1Samples[0]!.tsMs / 60_000) * 60_000;
    const range = store.range({
      gpuUuid: uuid,
      metrics: ['coreTempC', 'powerW'],
      fromMs,
      toMs: fromMs + 11 * 60_000,
      buckets: 11,
    })!;
    const temps = v1Samples.flatMap(({ gpus }) => (typeof gpus[0]!.coreTempC === 'number' ? [gpus[0]!.coreTempC] : []));
    expect(range.counts.reduce((a, b) => a + b, 0)).toBe(temps.length + v1Samples.length);
    expect(Math.max(...range.series.coreTempC!.max.filter((max) => !Number.isNaN(max)))).toBe(Math.max(...temps));
    const first = v1Samples.filter(({ tsMs }) => tsMs < fromMs + 60_000).map(({ gpus }) => gpus[0]!.powerW as number);
    expect(range.series.powerW!.mean[0]).toBeCloseTo(first.reduce((a, b) => a + b) / first.length, 6);
  });

  it('keeps alerts, sessions, gaps and the state of the wear model, and records more', () => {
    const store = migrated();
    expect(store.alerts.newest(10)).toHaveLength(1);
    expect(store.sessions.newest(10)).toMatchObject([{ name: 'old', exitCode: 0 }]);
    expect(store.gaps(0, 1e15)).toMatchObject([{ reason: 'clock-step' }]);
    const saved = store.wear.load(1)!;
    expect([...store.samplesAfter(1, saved.fedToId)]).toHaveLength(v1Samples.length - 301);
    const [written] = store.append(tickWith(LATER, undefined, [frameWith({ coreTempC: 40 })]));
    expect([...store.samplesAfter(1, saved.fedToId)].at(-1)!.id).toBe(written!.sampleId);
  });
});

describe.each([2, 3, 4])('a history of schema %i', (schema) => {
  const migrated = () => {
    const file = path.join(temporaryFolder(), 'history.db');
    fs.copyFileSync(path.resolve(import.meta.dirname, `../fixtures/history/v${schema}.db`), file);
    return openStore(file).store;
  };
  const expected = (gpu: number) =>
    v1Samples.map(({ tsMs, dtMs, gpus }, i) => {
      const made = frameWith(gpus[gpu]!);
      if (i % 10 === 3) made.derived[0] = made.states[0] === 1 ? 1 : 0;
      if (gpu === 0 && i % 50 === 49) made.reasons[0] = 15;
      return { tsMs, dtMs, frame: made };
    });

  it('keeps its samples, sealed and open, with their reasons and the order they came in, and records more', () => {
    const store = migrated();
    for (let gpu = 0; gpu < V1_GPUS; gpu++) expect(contents(store.samplesAfter(gpu + 1, 0))).toEqual(expected(gpu));
    store.append(tickWith(LATER, undefined, [frameWith({ coreTempC: 40 })]));
    settle(store, 2 * LATER);
    expect(contents(store.samplesAfter(1, 0)).slice(0, -1)).toEqual(expected(0));
  });

  it('keeps its totals and says up to when an earlier rule counted them, also once its parts are merged', () => {
    const store = migrated();
    const [fromMs, toMs] = [v1Samples[0]!.tsMs, v1Samples.at(-1)!.tsMs + 1];
    const before = store.totals(uuid, fromMs, toMs)!;
    expect(before.olderUntilMs).toBe(Date.UTC(2026, 1, 3, 13)); // the hour that was sealed
    expect(before.throttled.heat.ms).toBeGreaterThan(0);
    expect(before.throttled.heat.knownMs).toBeGreaterThan(0);
    store.append(tickWith(LATER, undefined, [frameWith({ coreTempC: 40 })]));
    settle(store, 2 * LATER);
    const after = store.totals(uuid, fromMs, toMs)!;
    expect(after.olderUntilMs).toBe(before.olderUntilMs);
    expect(after.observedMs).toBeCloseTo(before.observedMs, 3);
    expect(after.throttled.heat.ms).toBeCloseTo(before.throttled.heat.ms, 3);
  });

  it('keeps everything else', () => {
    const store = migrated();
    expect(store.gpus.list()).toMatchObject([{ uuid, vbios: '96.02' }, { uuid: testGpu(1).uuid }]);
    expect(store.alerts.newest(10)).toMatchObject([{ rule: 'core-near-slowdown', peak: 95, clearedMs: null }]);
    expect(store.sessions.newest(10)).toMatchObject([{ name: 'old', exitCode: 0 }]);
    expect(store.gaps(0, 1e15)).toMatchObject([{ reason: 'clock-step' }]);
    expect(store.events.between(0, 1e15).map(({ kind, detail }) => [kind, detail])).toEqual([
      ['driver', '550.1'],
      ['driver', '560.2'],
    ]);
    const fromMs = v1Samples[0]!.tsMs;
    const { counts } = store.range({ gpuUuid: uuid, metrics: ['powerW'], fromMs, toMs: LATER, buckets: 40 })!;
    expect(counts.reduce((a, b) => a + b, 0)).toBe(v1Samples.length);
    if (schema < 3) return;
    expect(store.xids.newest(10)).toMatchObject([{ code: 79, text: 'GPU has fallen off the bus.', witness: 'nvml' }]);
    expect(store.gpus.list()[0]).toMatchObject({ architecture: 'ada' });
  });
});

describe('a history that stored whole command lines', () => {
  it('keeps the programs alone, and no byte of the rest in its file', () => {
    const file = path.join(temporaryFolder(), 'history.db');
    fs.copyFileSync(path.resolve(import.meta.dirname, '../fixtures/history/v4.db'), file);
    const secrets = ['sk-1234567890abcdef', 'quiet harbour', 'hf_abcdefgh'];
    const found = () => secrets.filter((secret) => fs.readFileSync(file).includes(secret));
    expect(found()).toEqual(secrets);
    const { store } = openStore(file);
    expect(store.sessions.newest(1)).toMatchObject([{ name: 'old', command: '/usr/bin/python3' }]);
    store.close();
    expect(found()).toEqual([]);
  });
});
