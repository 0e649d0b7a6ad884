import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDatabase, openForReading } from '../../app/history/file/database.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import { metricOf, type MetricKey } from '../../app/metrics/metrics.ts';
import { setAbsent, setValue, createFrame, valueOf, type Frame } from '../../app/metrics/frame.ts';
import { readingStates, type Absence } from '../../app/core/reading.ts';
import { frameWith, tickWith } from '../support/frames.ts';
import { all, HOUR, KEEP, LATER, settle, START, uuid } from '../support/sealed.ts';
import { openStore } from '../support/store.ts';

const keys: readonly MetricKey[] = ['coreTempC', 'powerW', 'energyMj', 'fanPct', 'throttleReasons', 'pstate'];
const reading = (key: MetricKey): fc.Arbitrary<number | Absence> => {
  const { range, scale } = metricOf(key);
  return fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: Math.min(range[1], 90) * scale }).map((n) => n / scale) },
    { weight: 1, arbitrary: fc.constantFrom(...readingStates.filter((state) => state !== 'value')) },
  );
};
const frame: fc.Arbitrary<Frame> = fc
  .tuple(...keys.map((key) => fc.tuple(fc.constant(key), reading(key), fc.nat(3), fc.boolean())))
  .map((readings) => {
    const made = createFrame();
    for (const [key, value, reason, derived] of readings) {
      if (typeof value === 'number') setValue(made, key, value, derived);
      else if (value !== 'unread') setAbsent(made, key, value, reason);
    }
    return made;
  });
/** Ticks with a clock that mostly runs on, and sometimes jumps by up to two hours either way. */
const ticks = fc
  .array(
    fc.record({
      stepMs: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 900, max: 30_000 }) },
        { weight: 1, arbitrary: fc.integer({ min: -2 * HOUR, max: 2 * HOUR }) },
      ),
      gap: fc.boolean(),
      frames: fc.tuple(frame, frame),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((list) => {
    let tsMs = START;
    return list.map(({ stepMs, gap, frames }) =>
      tickWith((tsMs += stepMs), gap ? undefined : Math.abs(stepMs), frames),
    );
  });

function inMemory(): Store {
  const opened = openDatabase(':memory:');
  if (!opened.ok) throw new Error(opened.error.message);
  return createStore(opened.value.db);
}

describe('sealing', () => {
  it('changes nothing that can be read: samples, order of arrival, ranges and sums', () => {
    fc.assert(
      fc.property(
        ticks,
        fc.integer({ min: -HOUR, max: 2 * HOUR }),
        fc.integer({ min: 1, max: 6 * HOUR }),
        fc.integer({ min: 1, max: 200 }),
        (list, offset, span, buckets) => {
          const store = inMemory();
          for (const tick of list) store.append(tick);
          const query = { gpuUuid: uuid, metrics: keys, fromMs: START + offset, toMs: START + offset + span, buckets };
          const before = {
            samples: all(store),
            arrival: [...store.samplesAfter(1, 0)],
            totals: store.totals(uuid, query.fromMs, query.toMs)!,
          };
          const range = store.range(query)!;
          settle(store, LATER);
          expect(store.storage().openRows).toBe(0);
          expect(all(store)).toEqual(before.samples);
          expect([...store.samplesAfter(1, 0)]).toEqual(before.arrival);
          const sealed = store.range(query)!;
          expect(sealed.counts).toEqual(range.counts);
          for (const key of keys) {
            expect(sealed.series[key]!.min).toEqual(range.series[key]!.min);
            expect(sealed.series[key]!.max).toEqual(range.series[key]!.max);
            sealed.series[key]!.mean.forEach((mean, i) => {
              const other = range.series[key]!.mean[i]!;
              if (Number.isNaN(mean)) expect(other).toBeNaN();
              else expect(Math.abs(mean - other)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(mean)));
            });
          }
          expect(store.totals(uuid, query.fromMs, query.toMs)!.observedMs).toBeCloseTo(before.totals.observedMs, 6);
          expect(store.totals(uuid, query.fromMs, query.toMs)!.energyJ).toBeCloseTo(before.totals.energyJ, 6);
          store.close();
        },
      ),
      { numRuns: 80 },
    );
  });

  it('answers any range with the minima, means and maxima of the samples in it', () => {
    const store = inMemory();
    const temps = Array.from({ length: 9000 }, (_, i) => 40 + Math.round(300 * Math.abs(Math.sin(i / 377))) / 10);
    temps.forEach((coreTempC, i) =>
      store.append(tickWith(START + i * 4000, i ? 4000 : undefined, [frameWith({ coreTempC })])),
    );
    settle(store, START + 9000 * 4000);
    fc.assert(
      fc.property(
        fc.integer({ min: -5000, max: 3.7e7 }),
        fc.integer({ min: 1, max: 3.7e7 }),
        fc.integer({ min: 1, max: 900 }),
        (offset, span, buckets) => {
          const [fromMs, toMs] = [START + offset, START + offset + span];
          const range = store.range({ gpuUuid: uuid, metrics: ['coreTempC'], fromMs, toMs, buckets })!;
          const inside = temps.filter((_, i) => START + i * 4000 >= fromMs && START + i * 4000 < toMs);
          const { min, mean, max } = range.series.coreTempC!;
          expect(mean.length).toBeLessThanOrEqual(buckets);
          expect(range.counts.reduce((a, b) => a + b, 0)).toBe(inside.length);
          if (inside.length === 0) return;
          const finite = (values: Float64Array) => values.filter((value) => !Number.isNaN(value));
          expect(Math.min(...finite(min))).toBe(Math.min(...inside));
          expect(Math.max(...finite(max))).toBe(Math.max(...inside));
          const sum = mean.reduce((total, value, i) => (range.counts[i] ? total + value * range.counts[i] : total), 0);
          expect(sum / inside.length).toBeCloseTo(inside.reduce((a, b) => a + b) / inside.length, 8);
        },
      ),
      { numRuns: 300 },
    );
    store.close();
  });

  it('keeps metrics of a newer version that this one does not know', () => {
    const { store, file } = openStore();
    store.append(tickWith(START, undefined, [frameWith({ coreTempC: 50 })]));
    const db = new Database(file);
    // the row as a version would write it whose catalogue has ids up to 200
    const row = db.prepare('SELECT frames FROM tick').pluck().get() as Buffer;
    const old = new DataView(row.buffer, row.byteOffset, row.length);
    const slots = old.getUint16(5, true);
    const longer = Buffer.alloc(row.length + (200 - slots) + 8);
    row.copy(longer, 0, 0, 11 + slots);
    longer[11 + 199] = 1;
    row.copy(longer, 11 + 200, 11 + slots);
    longer.writeUInt16LE(200, 5);
    longer.writeUInt16LE(old.getUint16(7, true) + 1, 7);
    longer.writeDoubleLE(1234.5, row.length + (200 - slots));
    db.prepare('UPDATE tick SET frames = ?').run(longer);
    settle(store, LATER);
    expect(valueOf(all(store)[0]!.frame, 'coreTempC')).toBe(50);
    const opened = openForReading(file);
    if (!opened.ok) throw new Error(opened.error.message);
    const data = opened.value.prepare('SELECT data FROM chunk').pluck().get() as Buffer;
    opened.value.close();
    db.close();
    return import('../../app/history/codec/sample-chunk.ts').then(async ({ openSamples }) => {
      const { packer } = await import('../../app/history/codec/packer.node.ts');
      expect(openSamples(data, packer).metric(200)!.values).toEqual(Float64Array.of(1234.5));
    });
  });

  it('gives typed arrays of a few metrics, by time, hour by hour', () => {
    const { store } = openStore();
    for (let i = 0; i < 3000; i++) {
      store.append(
        tickWith(START + i * 2000, i === 1000 ? undefined : 2000, [
          frameWith({ coreTempC: i % 7 === 0 ? 'stalled' : 50 + (i % 20), powerW: 100 }),
        ]),
      );
    }
    store.housekeep(KEEP, START);
    while (store.housekeep(KEEP, START + 6_000_000 - 1));
    const parts = [...store.replay(uuid, START, LATER, ['coreTempC', 'memTempC'])];
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.reduce((n, { tsMs }) => n + tsMs.length, 0)).toBe(3000);
    const temps = parts.flatMap(({ metrics }) => [...metrics.coreTempC!.values]);
    expect(temps[7]).toBeNaN();
    expect(temps[8]).toBe(58);
    expect(parts.flatMap(({ metrics }) => [...metrics.coreTempC!.states])[7]).toBe(readingStates.indexOf('stalled'));
    expect(parts.flatMap(({ dtMs }) => [...dtMs]).filter(Number.isNaN)).toHaveLength(1);
    expect(parts.every(({ metrics }) => metrics.memTempC!.values.every(Number.isNaN))).toBe(true);
  });
});
