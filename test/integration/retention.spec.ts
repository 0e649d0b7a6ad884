import fs from 'node:fs';
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

describe('retention', () => {
  const fill = (store: Store, hours: number) => {
    for (let i = 0; i < hours * 360; i++) {
      store.append(
        tickWith(START + i * 10_000, 10_000, [
          frameWith({ coreTempC: 50 + ((i * 7919) % 300) / 10, powerW: ((i * 104_729) % 300_000) / 1000 }),
        ]),
      );
    }
    return START + hours * HOUR;
  };

  it('drops full resolution by age, keeps roll-ups, and says before what it would free', () => {
    const { store } = openStore();
    const now = fill(store, 60);
    settle(store, now);
    const before = store.storage().gpus[0]!;
    const rule = { retentionDays: 1, historyCapMb: null };
    const preview = store.retentionPreview(rule, now);
    settle(store, now, rule);
    const after = store.storage().gpus[0]!;
    expect(before.bytes - after.bytes).toBe(preview.bytes);
    expect(before.samples - after.samples).toBe(preview.samples);
    expect(preview.samples).toBeGreaterThan(0);
    expect(all(store)[0]!.tsMs).toBeGreaterThanOrEqual(preview.beforeMs!);
    const range = store.range({ gpuUuid: uuid, metrics: ['coreTempC'], fromMs: START, toMs: now, buckets: 10 })!;
    expect(range.counts.reduce((a, b) => a + b, 0)).toBe(60 * 360);
    expect(store.retentionPreview(rule, now)).toMatchObject({ bytes: 0, samples: 0 });
  });

  it('does not believe a clock that was set a year ahead before it has gone a day by it', () => {
    const { store } = openStore();
    const now = fill(store, 30);
    const rule = { retentionDays: 30, historyCapMb: null };
    const ahead = now + 365 * 24 * HOUR;
    for (let i = 0; i < 5 * 360; i++)
      store.append(tickWith(ahead + i * 10_000, 10_000, [frameWith({ coreTempC: 50 })]));
    settle(store, ahead + 5 * HOUR, rule);
    expect(all(store)).toHaveLength(35 * 360);
  });

  it('keeps the file under its cap, oldest samples going first, and gives the room back to the disk', () => {
    const { store, file } = openStore();
    const now = fill(store, 120);
    settle(store, now);
    const grown = store.storage();
    const capBytes = Math.round((grown.fileBytes - grown.freeBytes) * 0.7);
    const rule = { retentionDays: 36_500, historyCapMb: capBytes / 1e6 };
    const preview = store.retentionPreview(rule, now);
    settle(store, now, rule);
    expect(store.storage().fileBytes).toBeLessThanOrEqual(capBytes);
    // the file is counted in pages: what is freed is what was said, to a few hours
    expect(Math.abs(grown.gpus[0]!.samples - store.storage().gpus[0]!.samples - preview.samples)).toBeLessThan(4 * 360);
    expect(preview.bytes).toBeGreaterThan(0);
    expect(all(store).at(-1)!.tsMs).toBe(START + (120 * 360 - 1) * 10_000);
    expect(
      store
        .range({ gpuUuid: uuid, metrics: ['coreTempC'], fromMs: START, toMs: now, buckets: 5 })!
        .counts.reduce((a, b) => a + b, 0),
    ).toBe(120 * 360);
    store.close();
    expect(fs.statSync(file).size).toBeLessThanOrEqual(capBytes);
  });
});
