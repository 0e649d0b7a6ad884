import Database from 'better-sqlite3';
import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase, openForReading } from '../../app/history/file/database.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import type { StoredSample } from '../../app/history/samples.ts';
import { metricOf, type MetricKey } from '../../app/metrics/metrics.ts';
import { setAbsent, setValue, createFrame, valueOf, type Frame } from '../../app/metrics/frame.ts';
import { readingStates, type Absence } from '../../app/core/reading.ts';
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

const all = (store: Store, gpu = uuid): StoredSample[] => [...store.samplesBetween(gpu, -8e15, 8e15)];

/** Samples without their place in the order of arrival. */
const contents = (samples: Iterable<StoredSample>) =>
  [...samples].map(({ tsMs, dtMs, frame }) => ({ tsMs, dtMs, frame }));

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
/** Ticks with a clock that mostly goes on, and sometimes jumps by up to two hours either way. */
const ticks = fc
  .array(
    fc.record({
      stepMs: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 900, max: 30_000 }) }, { weight: 1, arbitrary: fc.integer({ min: -2 * HOUR, max: 2 * HOUR }) }),
      gap: fc.boolean(),
      frames: fc.tuple(frame, frame),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((list) => {
    let tsMs = START;
    return list.map(({ stepMs, gap, frames }) => tickWith((tsMs += stepMs), gap ? undefined : Math.abs(stepMs), frames));
  }); // prettier-ignore

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
          const before = { samples: all(store), arrival: [...store.samplesAfter(1, 0)], totals: store.totals(uuid, query.fromMs, query.toMs)! };
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
    ); // prettier-ignore
  });

  it('answers any range with the minima, means and maxima of the samples in it', () => {
    const store = inMemory();
    const temps = Array.from({ length: 9000 }, (_, i) => 40 + Math.round(300 * Math.abs(Math.sin(i / 377))) / 10);
    temps.forEach((coreTempC, i) => store.append(tickWith(START + i * 4000, i ? 4000 : undefined, [frameWith({ coreTempC })])));
    settle(store, START + 9000 * 4000);
    fc.assert(
      fc.property(fc.integer({ min: -5000, max: 3.7e7 }), fc.integer({ min: 1, max: 3.7e7 }), fc.integer({ min: 1, max: 900 }), (offset, span, buckets) => {
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
      }),
      { numRuns: 300 },
    );
    store.close();
  }); // prettier-ignore

  it('keeps metrics of a newer version that this one does not know', () => {
    const { store, file } = openStore();
    store.append(tickWith(START, undefined, [frameWith({ coreTempC: 50 })]));
    const db = new Database(file);
    // the row as a version would write it whose catalogue goes on to id 200
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
      store.append(tickWith(START + i * 2000, i === 1000 ? undefined : 2000, [frameWith({ coreTempC: i % 7 === 0 ? 'stalled' : 50 + (i % 20), powerW: 100 })]));
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
  }); // prettier-ignore
});

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

  it('is sealed while it goes on, so that what is open stays small, and reads as if it were not', () => {
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
    for (const [from, to] of [[0, HOUR], [1_000, 700_500], [359_000, 361_000], [-HOUR, HOUR / 4]] as const) {
      const query = { gpuUuid: uuid, metrics: ['coreTempC', 'powerW'] as const, fromMs: START_10HZ + from, toMs: START_10HZ + to, buckets: 60 };
      const [sealed, open] = [store.range(query)!, whole.range(query)!];
      expect(sealed.counts).toEqual(open.counts);
      expect(sealed.series.coreTempC!.min).toEqual(open.series.coreTempC!.min);
      expect(sealed.series.coreTempC!.max).toEqual(open.series.coreTempC!.max);
      // the interval into the open rows is added up when they are sealed
      const missingJ = whole.totals(uuid, query.fromMs, query.toMs)!.energyJ - store.totals(uuid, query.fromMs, query.toMs)!.energyJ;
      expect(missingJ).toBeGreaterThanOrEqual(-1e-6);
      expect(missingJ).toBeLessThanOrEqual((200 * EVERY_MS) / 1000 + 1e-6);
    }
    settle(store, LATER);
    expect(store.totals(uuid, START_10HZ, START_10HZ + HOUR)!.energyJ).toBeCloseTo((200 * EVERY_MS * (ticks - 1)) / 1000, 6);
  }); // prettier-ignore

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
      const range = store.range({ gpuUuid: uuid, metrics: ['coreTempC'], fromMs: START - 2 * HOUR, toMs: START + 370 * 24 * HOUR, buckets: 20 })!;
      expect(range.counts.reduce((a, b) => a + b, 0)).toBe(400);
      expect(store.totals(uuid, START - 2 * HOUR, START + 370 * 24 * HOUR)!.observedMs).toBe(399 * 10_000);
    }
  }); // prettier-ignore
});

describe('retention', () => {
  const fill = (store: Store, hours: number) => {
    for (let i = 0; i < hours * 360; i++) {
      store.append(tickWith(START + i * 10_000, 10_000, [frameWith({ coreTempC: 50 + ((i * 7919) % 300) / 10, powerW: ((i * 104_729) % 300_000) / 1000 })]));
    }
    return START + hours * HOUR;
  }; // prettier-ignore

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
    expect(store.range({ gpuUuid: uuid, metrics: ['coreTempC'], fromMs: START, toMs: now, buckets: 5 })!.counts.reduce((a, b) => a + b, 0)).toBe(120 * 360);
    store.close();
    expect(fs.statSync(file).size).toBeLessThanOrEqual(capBytes);
  }); // prettier-ignore
});

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
    const range = store.range({ gpuUuid: uuid, metrics: ['coreTempC', 'powerW'], fromMs, toMs: fromMs + 11 * 60_000, buckets: 11 })!;
    const temps = v1Samples.flatMap(({ gpus }) => (typeof gpus[0]!.coreTempC === 'number' ? [gpus[0]!.coreTempC] : []));
    expect(range.counts.reduce((a, b) => a + b, 0)).toBe(temps.length + v1Samples.length);
    expect(Math.max(...range.series.coreTempC!.max.filter((max) => !Number.isNaN(max)))).toBe(Math.max(...temps));
    const first = v1Samples.filter(({ tsMs }) => tsMs < fromMs + 60_000).map(({ gpus }) => gpus[0]!.powerW as number);
    expect(range.series.powerW!.mean[0]).toBeCloseTo(first.reduce((a, b) => a + b) / first.length, 6);
  }); // prettier-ignore

  it('keeps alerts, sessions, gaps and the state of the wear model, and goes on', () => {
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

  it('keeps its samples, sealed and open, with their reasons and the order they came in, and goes on', () => {
    const store = migrated();
    for (let gpu = 0; gpu < V1_GPUS; gpu++) expect(contents(store.samplesAfter(gpu + 1, 0))).toEqual(expected(gpu));
    store.append(tickWith(LATER, undefined, [frameWith({ coreTempC: 40 })]));
    settle(store, 2 * LATER);
    expect(contents(store.samplesAfter(1, 0)).slice(0, -1)).toEqual(expected(0));
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

describe('importing', () => {
  const sample = (i: number, coreTempC: number) => ({ tsMs: START + i * 1000, frame: frameWith({ coreTempC, energyMj: i * 1000 }) }); // prettier-ignore
  const file = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => sample(from + i, 50 + ((from + i) % 30))); // prettier-ignore

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
    const range = store.range({ gpuUuid: uuid, metrics: ['coreTempC'], fromMs: START, toMs: START + 2 * HOUR, buckets: 60 })!; // prettier-ignore
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
  it('tell of another driver, counters that began anew, and a card that slept', () => {
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
