import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createChunkTable } from '../../app/history/chunks.ts';
import { packer } from '../../app/history/codec/packer.node.ts';
import type { SampleColumns } from '../../app/history/codec/sample-chunk.ts';
import type { Db } from '../../app/history/db.ts';
import { migrate } from '../../app/history/migrations/migrations.ts';
import { createOpenHour, HOUR_MS } from '../../app/history/open-hour.ts';
import { createRollupParts, MINUTE_MS } from '../../app/history/rollup-parts.ts';
import { createPrepareSealed, createRollUp, createSealer } from '../../app/history/sealer.ts';
import { metricOf } from '../../app/metrics/metrics.ts';
import { frameWith } from '../support/frames.ts';

const START = Date.UTC(2026, 2, 1, 9);

function openParts() {
  const db: Db = Object.assign(new Database(':memory:'), { packer });
  onTestFinished(() => void db.close());
  migrate(db);
  const insert = db.prepare(
    "INSERT INTO gpu (uuid, name, pci_bus_id, display_index, first_seen_ms, last_seen_ms) VALUES (?, '', '', 0, 0, 0)",
  );
  for (const uuid of ['a', 'b', 'c']) insert.run(uuid);
  const [chunks, parts, open] = [createChunkTable(db), createRollupParts(db), createOpenHour(db)];
  const start = () => createSealer(db, open, createPrepareSealed(chunks, parts));
  const places = (gpuId = 1) =>
    chunks
      .after(gpuId, -Infinity)
      .map(({ hourMs, firstSeq, lastSeq }) => [(hourMs - START) / HOUR_MS, firstSeq, lastSeq]);
  const openRows = (): number => db.prepare('SELECT count(*) FROM tick').pluck().get() as number;
  return { db, chunks, parts, open, start, places, openRows };
}

/** A history with a sealer and rows in order of arrival. */
function withRows(stamps: readonly number[], gpus: readonly number[] = [1]) {
  const all = openParts();
  const sealer = all.start();
  let seq = 0;
  const append = (tsMs: number): void => {
    const frames = gpus.map((gpuId) => ({ gpuId, frame: frameWith({ energyMj: 1000 * seq, powerW: 100 }) }));
    all.open.insert(++seq, tsMs, 1000, frames);
    sealer.appended(seq, tsMs);
  };
  all.db.transaction(() => stamps.forEach(append))();
  return { ...all, sealer, append };
}

const every = (count: number, stepMs: number, fromMs = START): number[] =>
  Array.from({ length: count }, (_, i) => fromMs + i * stepMs);

describe('an hour that is not over', () => {
  it.each([
    [1, []],
    [3_600, []],
    [4_000, []],
    [4_001, [[0, 1, 3_600]]],
    [7_600, [[0, 1, 3_600]]],
    [
      7_601,
      [
        [0, 1, 3_600],
        [0, 3_601, 7_200],
      ],
    ],
  ])('with %i rows is sealed 3,600 at a time, as long as more than 4,000 are open', (rows, sealed) => {
    const { sealer, places, openRows } = withRows(every(rows, 400));
    while (sealer.step(START));
    expect(places()).toEqual(sealed);
    expect(openRows()).toBe(rows - 3_600 * sealed.length);
  });
});

describe('an hour', () => {
  it.each([
    ['before its first moment, as the clock was set back', -1, [[0, 1, 3]]],
    ['in its first moment', 0, []],
    ['in its last moment', HOUR_MS - 1, []],
    ['when the next begins', HOUR_MS, [[0, 1, 3]]],
    ['much later', 9 * HOUR_MS, [[0, 1, 3]]],
  ])('is sealed or not by the clock: %s', (_, afterMs, sealed) => {
    const { sealer, places } = withRows(every(3, 1000));
    while (sealer.step(START + afterMs));
    expect(places()).toEqual(sealed);
  });

  it.each([
    ['the last of its moments', HOUR_MS - 1, []],
    ['the first of the next hour', HOUR_MS, [[0, 1, 2]]],
    ['one of the hour before', -1, [[0, 1, 2]]],
  ])('is over when a row of another hour arrives: %s', (_, afterMs, sealed) => {
    const { sealer, places } = withRows([START, START + 1000, START + afterMs]);
    while (sealer.step(START + afterMs));
    expect(places()).toEqual(sealed);
  });

  it('is over when a row of another hour has arrived, even if the clock is in that hour', () => {
    const { sealer, places, openRows } = withRows([START, START + 1000, START + HOUR_MS]);
    while (sealer.step(START));
    expect([places(), openRows()]).toEqual([
      [
        [0, 1, 2],
        [1, 3, 3],
      ],
      0,
    ]);
  });

  it('is sealed in as many chunks as it came in when the clock was set back and forth', () => {
    const { sealer, places, openRows } = withRows([START, START + HOUR_MS, START + HOUR_MS + 1, START + 5, START + 6]);
    while (sealer.step(START + 2 * HOUR_MS));
    expect(places()).toEqual([
      [0, 1, 1],
      [1, 2, 3],
      [0, 4, 5],
    ]);
    expect(openRows()).toBe(0);
  });
});

describe('sealing', () => {
  it('encodes one GPU per step, then writes all at once', () => {
    const { sealer, places, openRows } = withRows(every(3, 1000), [1, 2, 3]);
    for (let gpu = 0; gpu < 3; gpu++) {
      expect(sealer.step(START + HOUR_MS)).toBe(true);
      expect([places(1), openRows()]).toEqual([[], 3]);
    }
    expect(sealer.step(START + HOUR_MS)).toBe(false);
    for (const gpu of [1, 2, 3]) expect(places(gpu)).toEqual([[0, 1, 3]]);
    expect(openRows()).toBe(0);
    expect(sealer.step(START + HOUR_MS)).toBe(false);
  });

  it('says that there is more while another run waits', () => {
    const { sealer } = withRows([START, START + HOUR_MS]);
    expect([1, 2, 3, 4].map(() => sealer.step(START + 2 * HOUR_MS))).toEqual([true, true, true, false]);
  });

  it('leaves rows open that arrive while it encodes, and seals them next', () => {
    const { sealer, append, places, openRows } = withRows(every(3, 1000));
    sealer.step(START + HOUR_MS);
    append(START + 3000); // the clock was set back
    while (sealer.step(START));
    expect([places(), openRows()]).toEqual([[[0, 1, 3]], 1]);
    while (sealer.step(START + HOUR_MS));
    expect([places(), openRows()]).toEqual([
      [
        [0, 1, 3],
        [0, 4, 4],
      ],
      0,
    ]);
  });

  it('continues after a restart with the rows in the file, and has nothing to do in an empty one', () => {
    const { start, places } = withRows([START, START + 1000, START + HOUR_MS]);
    const sealer = start();
    while (sealer.step(START + HOUR_MS));
    expect(places()).toEqual([[0, 1, 2]]);
    expect(openParts().start().step(START)).toBe(false);
    const later = start();
    later.appended(4, START + HOUR_MS + 1000); // a row more, before the first step
    expect(later.step(START + HOUR_MS)).toBe(false);
  });

  it('continues with the next row when nothing is left', () => {
    const { sealer, append, places } = withRows(every(3, 1000));
    while (sealer.step(START + HOUR_MS));
    append(START + HOUR_MS);
    append(START + HOUR_MS + 1000);
    while (sealer.step(START + 2 * HOUR_MS));
    expect(places()).toEqual([
      [0, 1, 3],
      [1, 4, 5],
    ]);
  });

  it('skips ticks without a GPU', () => {
    const { sealer, places, openRows } = withRows(every(2, 1000), []);
    while (sealer.step(START + HOUR_MS));
    expect([places(), openRows()]).toEqual([[], 0]);
  });
});

const ENERGY = metricOf('energyMj').id;

/** Two samples a second apart; the counter grows by 5 mJ each time. */
function samples(seq: number, tsMs: number, energyMj: number, dtMs = 1000): SampleColumns {
  const values = Float64Array.of(energyMj, energyMj + 5);
  return {
    seq: Float64Array.of(seq, seq + 1),
    tsMs: Float64Array.of(tsMs, tsMs + 1000),
    dtMs: Float64Array.of(dtMs, 1000),
    metrics: new Map([[ENERGY, { codes: Float64Array.of(1, 1), values }]]),
  };
}

describe('the interval between a chunk and the one before it', () => {
  const last = START + 1000;
  /** energy of the second of two chunks whose counters are 100 mJ apart: 105 with the interval between them, else 5 */
  function energyMj(next: SampleColumns, { restarted = true, gpuId = 1, before = 1 } = {}): number {
    const { chunks, parts } = openParts();
    const first = createPrepareSealed(chunks, parts);
    first(1, START, samples(before, START, 1000))();
    const rollUp = restarted ? createRollUp(chunks, parts) : first;
    const known = [...parts.between(gpuId, MINUTE_MS, START, START + HOUR_MS)];
    const hourMs = Math.floor(next.tsMs[0]! / HOUR_MS) * HOUR_MS;
    rollUp(gpuId, hourMs, next)();
    const all = [...parts.between(gpuId, MINUTE_MS, hourMs, hourMs + HOUR_MS)];
    const sum = (list: typeof all) => list.flatMap(({ sums }) => [...sums.energyMj]).reduce((a, b) => a + b, 0);
    return sum(all) - (hourMs === START ? sum(known) : 0);
  }

  it.each([
    ['directly after it', last + 1000, 105],
    ['10 s after it: the longest step without a gap', last + 10_000, 105],
    ['more than 10 s after it: it belongs to another file', last + 10_001, 5],
    ['10 s before it: the clock was set back', last - 10_000, 105],
    ['more than 10 s before it', last - 10_001, 5],
  ])('is added up after a restart if it begins close to the end: %s', (_, tsMs, expected) => {
    expect(energyMj(samples(3, tsMs, 1105))).toBe(expected);
  });

  it.each([
    [
      'right after the chunk was written, whatever the clock says',
      { restarted: false },
      samples(3, last + 50_000, 1105),
      105,
    ],
    ['not across a gap', { restarted: false }, samples(3, last + 1000, 1105, Number.NaN), 5],
    ['not across a gap after a restart', {}, samples(3, last + 1000, 1105, Number.NaN), 5],
    ['not from another GPU', { restarted: false, gpuId: 2 }, samples(3, last + 1000, 1105), 5],
    ['not from a chunk that came later', { restarted: false, before: 7 }, samples(3, last + 1000, 1105), 5],
  ] as const)('is added up: %s', (_, options, next, expected) => {
    expect(energyMj(next, options)).toBe(expected);
  });

  it('is taken from the chunk that ends before it, not from the last one that was written', () => {
    const { chunks, parts } = openParts();
    const prepare = createPrepareSealed(chunks, parts);
    prepare(1, START, samples(1, START, 1000))();
    prepare(1, START, samples(11, START + 20_000, 90_000))();
    prepare(1, START, samples(3, START + 2000, 1105))();
    const energy = [...parts.between(1, HOUR_MS, START, START + HOUR_MS)].map(({ sums }) => sums.energyMj[0]);
    // the second chunk continues the first one by its sequence number: its interval counts as well
    expect(energy).toEqual([5, 90_000 - 1005 + 5, 105]);
  });
});

describe('the last sample of a chunk', () => {
  it('is remembered, however many samples the chunk has', () => {
    const { chunks, parts } = openParts();
    const prepare = createPrepareSealed(chunks, parts);
    const { seq, tsMs, dtMs, metrics } = samples(1, START, 1000);
    const third = <T extends Float64Array>(column: T, value: number): Float64Array => Float64Array.of(...column, value);
    const { codes, values } = metrics.get(ENERGY)!;
    const longer = new Map([[ENERGY, { codes: third(codes, 1), values: third(values, 1010) }]]);
    prepare(1, START, {
      seq: third(seq, 3),
      tsMs: third(tsMs, START + 2000),
      dtMs: third(dtMs, 1000),
      metrics: longer,
    })();
    prepare(1, START, samples(4, START + 100_000, 1110))(); // only what is remembered is trusted across so long a time
    const energy = [...parts.between(1, HOUR_MS, START, START + HOUR_MS)].map(({ sums }) => sums.energyMj[0]);
    expect(energy).toEqual([10, 105]);
  });
});

describe('roll-ups of a sealed chunk', () => {
  it('are those of its minutes and of its hour', () => {
    const { chunks, parts } = openParts();
    createPrepareSealed(chunks, parts)(1, START, samples(1, START + 59_500, 1000))();
    const [minutes] = parts.between(1, MINUTE_MS, START, START + HOUR_MS);
    const [hour] = parts.between(1, HOUR_MS, START, START + HOUR_MS);
    expect([minutes!.slots, hour!.slots, hour!.fromMs]).toEqual([60, 1, START]);
    expect([...minutes!.metrics.get(ENERGY)!.n.subarray(0, 3)]).toEqual([1, 1, 0]);
    expect([...hour!.metrics.get(ENERGY)!.n]).toEqual([2]);
    expect(hour!.sums.energyMj[0]).toBe(5);
    expect(chunks.after(1, 0)).toHaveLength(1);
  });
});
