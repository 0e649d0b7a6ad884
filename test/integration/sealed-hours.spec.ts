import { describe, expect, it } from 'vitest';
import { openForReading } from '../../app/history/file/database.node.ts';
import { valueOf } from '../../app/metrics/frame.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { all, HOUR, LATER, settle, START, uuid } from '../support/sealed.ts';
import { openStore } from '../support/store.ts';

describe('an hour with more samples than one a second', () => {
  const EVERY_MS = 100;
  const START_10HZ = Date.UTC(2026, 2, 1, 9);
  const temp = (i: number): number => 40 + (i % 37) + (i % 10) / 10;
  /** @param every how often there is housekeeping, in ticks; never where it is left out */
  function record(ticks: number, every = Infinity) {
    const { store, file } = openStore();
    let mostOpen = 0;
    for (let i = 0; i < ticks; i++) {
      const tsMs = START_10HZ + i * EVERY_MS;
      store.append(tickWith(tsMs, i ? EVERY_MS : undefined, [frameWith({ coreTempC: temp(i), powerW: 200 })]));
      if (i % every === 0) settle(store, tsMs);
      if (i % 500 === 0) mostOpen = Math.max(mostOpen, store.storage().openRows);
    }
    return { store, file, mostOpen };
  }

  it('is sealed before it ends, so that few rows are open, and reads as if it were not', () => {
    const ticks = 8_500;
    const whole = record(ticks).store;
    const { store, mostOpen } = record(ticks, 50);
    expect(mostOpen).toBeLessThanOrEqual(4_100);
    expect(store.storage().openRows).toBeLessThanOrEqual(4_000);
    expect(store.storage().gpus[0]!.samples).toBe(ticks - store.storage().openRows);
    const stamps = Array.from({ length: ticks }, (_, i) => START_10HZ + i * EVERY_MS);
    const parts = [...store.replay(uuid, START_10HZ, START_10HZ + HOUR, ['coreTempC'])];
    expect(parts.flatMap(({ tsMs }) => [...tsMs])).toEqual(stamps);
    expect(parts.flatMap(({ metrics }) => [...metrics.coreTempC!.values])).toEqual(stamps.map((_, i) => temp(i)));
    let arrived = 0;
    for (const { tsMs, frame } of store.samplesAfter(1, 0))
      if (tsMs === stamps[arrived] && valueOf(frame, 'coreTempC') === temp(arrived)) arrived++;
    expect(arrived).toBe(ticks);
    for (const [from, to] of [
      [0, HOUR],
      [1_000, 700_500],
      [359_000, 361_000],
      [-HOUR, HOUR / 4],
    ] as const) {
      const query = {
        gpuUuid: uuid,
        metrics: ['coreTempC', 'powerW'] as const,
        fromMs: START_10HZ + from,
        toMs: START_10HZ + to,
        buckets: 60,
      };
      const [sealed, open] = [store.range(query)!, whole.range(query)!];
      expect(sealed.counts).toEqual(open.counts);
      expect(sealed.series.coreTempC!.min).toEqual(open.series.coreTempC!.min);
      expect(sealed.series.coreTempC!.max).toEqual(open.series.coreTempC!.max);
      // the interval into the open rows is added up when they are sealed
      const missingJ =
        whole.totals(uuid, query.fromMs, query.toMs)!.energyJ - store.totals(uuid, query.fromMs, query.toMs)!.energyJ;
      expect(missingJ).toBeGreaterThanOrEqual(-1e-6);
      expect(missingJ).toBeLessThanOrEqual((200 * EVERY_MS) / 1000 + 1e-6);
    }
    settle(store, LATER);
    expect(store.totals(uuid, START_10HZ, START_10HZ + HOUR)!.energyJ).toBeCloseTo(
      (200 * EVERY_MS * (ticks - 1)) / 1000,
      6,
    );
  });

  it('has one part of each roll-up when it is over, however many chunks it was sealed in', () => {
    const { store, file } = record(12_000, 50);
    settle(store, START_10HZ + 2 * HOUR);
    expect(store.storage().openRows).toBe(0);
    const opened = openForReading(file);
    if (!opened.ok) throw new Error(opened.error.message);
    expect(opened.value.prepare('SELECT count(*) FROM chunk').pluck().get()).toBe(4);
    expect(opened.value.prepare('SELECT slot_ms, count(*) AS n FROM rollup GROUP BY slot_ms').all()).toEqual([
      { slot_ms: 60_000, n: 1 },
      { slot_ms: HOUR, n: 1 },
    ]);
    opened.value.close();
  });

  it.each([
    ['3,600 rows, as at one a second', 3_600, 0],
    ['4,000 rows', 4_000, 0],
    ['one more', 4_001, 3_600],
  ])('is left open until its end with %s', (_, ticks, sealed) => {
    const { store } = record(ticks);
    settle(store, START_10HZ + ticks * EVERY_MS);
    expect(store.storage().openRows).toBe(ticks - sealed);
  });
});

describe('a clock that is set', () => {
  it.each([
    ['back an hour', -HOUR],
    ['forward a year', 365 * 24 * HOUR],
    ['back by a leap second', -1000],
  ])('%s: nothing is lost, overwritten or counted twice, and the order of arrival stays', (_, step) => {
    const { store } = openStore();
    const temps: number[] = [];
    for (let i = 0; i < 400; i++) {
      const tsMs = START + i * 10_000 + (i >= 200 ? step : 0);
      temps.push(40 + (i % 50));
      store.append(tickWith(tsMs, i === 0 ? undefined : 10_000, [frameWith({ coreTempC: temps[i]! })]));
    }
    for (const seal of [false, true]) {
      if (seal) settle(store, LATER + 400 * 24 * HOUR);
      expect([...store.samplesAfter(1, 0)].map((sample) => valueOf(sample.frame, 'coreTempC'))).toEqual(temps);
      const byTime = all(store);
      expect(byTime).toHaveLength(400);
      byTime.forEach(({ tsMs }, i) => i > 0 && expect(tsMs).toBeGreaterThanOrEqual(byTime[i - 1]!.tsMs));
      const range = store.range({
        gpuUuid: uuid,
        metrics: ['coreTempC'],
        fromMs: START - 2 * HOUR,
        toMs: START + 370 * 24 * HOUR,
        buckets: 20,
      })!;
      expect(range.counts.reduce((a, b) => a + b, 0)).toBe(400);
      expect(store.totals(uuid, START - 2 * HOUR, START + 370 * 24 * HOUR)!.observedMs).toBe(399 * 10_000);
    }
  });
});
