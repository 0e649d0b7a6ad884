import { describe, expect, it } from 'vitest';
import { type Store } from '../../app/recorder/store.ts';
import type { StoredSample } from '../../app/history/samples.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 1, 9, 40);
const uuid = testGpu().uuid;
const KEEP = { retentionDays: 36_500, historyCapMb: null };
/** Does all the housekeeping there is. */
function settle(store: Store, nowMs: number, rule: Parameters<Store['housekeep']>[0] = KEEP): void {
  while (store.housekeep(rule, nowMs));
}

const all = (store: Store, gpu = uuid): StoredSample[] => [...store.samplesBetween(gpu, -8e15, 8e15)];

describe('importing', () => {
  const sample = (i: number, coreTempC: number) => ({
    tsMs: START + i * 1000,
    frame: frameWith({ coreTempC, energyMj: i * 1000 }),
  });
  const file = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => sample(from + i, 50 + ((from + i) % 30)));

  it('adds a past, once however often it is imported, and feeds its roll-ups', () => {
    const { store } = openStore();
    expect(store.importSamples(testGpu(), file(0, 5000))).toEqual({ added: 5000, duplicate: 0 });
    const once = all(store);
    const totals = store.totals(uuid, START, START + 2 * HOUR);
    expect(totals).toMatchObject({ observedMs: 4_999_000, energyJ: 4999 });
    expect(store.importSamples(testGpu(), file(0, 5000))).toEqual({ added: 0, duplicate: 5000 });
    expect(store.importSamples(testGpu(), file(4000, 6000))).toEqual({ added: 1000, duplicate: 1000 });
    expect(all(store).slice(0, 5000)).toEqual(once);
    expect(all(store)).toHaveLength(6000);
    const range = store.range({
      gpuUuid: uuid,
      metrics: ['coreTempC'],
      fromMs: START,
      toMs: START + 2 * HOUR,
      buckets: 60,
    })!;
    expect(range.resolution).toBe('minute');
    expect(range.counts.reduce((a, b) => a + b, 0)).toBe(6000);
  });

  it('merges with what was recorded, sealed and open, and observes no time twice', () => {
    const { store } = openStore();
    for (let i = 0; i < 4000; i++) {
      store.append(
        tickWith(START + i * 2000, i ? 2000 : undefined, [frameWith({ coreTempC: 70, energyMj: i * 2000 })]),
      );
    }
    settle(store, START + 2 * HOUR);
    const before = store.totals(uuid, START, START + 3 * HOUR)!;
    expect(store.importSamples(testGpu(), file(0, 8000))).toEqual({ added: 4000, duplicate: 4000 });
    expect(all(store).map(({ tsMs }) => tsMs)).toEqual(Array.from({ length: 8000 }, (_, i) => START + i * 1000));
    const after = store.totals(uuid, START, START + 3 * HOUR)!;
    expect(after.observedMs - before.observedMs).toBeLessThanOrEqual(1000);
    expect(after.energyJ - before.energyJ).toBeLessThanOrEqual(1);
    expect([...store.samplesAfter(1, 0)]).toHaveLength(4000); // no news for a model that was fed already
    expect([...store.samplesAfter(1, -Infinity)]).toHaveLength(8000);
  });
});

describe('marks', () => {
  it('report another driver, counters that restarted, and a card that slept', () => {
    const { store, file } = openStore();
    const at = (i: number, version: string, readings: Parameters<typeof frameWith>[0], opened = store) => {
      const tick = tickWith(START + i * 1000, 1000, [frameWith(readings)]);
      opened.append({ ...tick, source: { ...tick.source, driverVersion: version } });
    };
    at(0, '550.1', { coreTempC: 50, energyMj: 100 });
    at(1, '550.1', { coreTempC: 50, energyMj: 5 });
    for (let i = 2; i < 200; i++) at(i, '550.1', { coreTempC: 'asleep' });
    at(200, '550.1', { coreTempC: 50, energyMj: 6 });
    store.close();
    at(201, '560.2', { coreTempC: 50, energyMj: 7 }, openStore(file).store);
    expect(openStore(file).store.events.between(START, START + HOUR)).toMatchObject([
      { kind: 'driver', detail: '550.1', gpuUuid: null },
      { kind: 'reset', gpuUuid: uuid, fromMs: START + 1000 },
      { kind: 'asleep', gpuUuid: uuid, fromMs: START + 2000, toMs: START + 200_000 },
      { kind: 'driver', detail: '560.2' },
    ]);
  });
});
