import type { Db } from '../db.ts';
import { encodeSamples } from './0002-seal-finished-hours/chunk.ts';
import { carryOf, intervalSums, type Carry } from './0002-seal-finished-hours/interval-sums.ts';
import {
  createRollup,
  encodeRollup,
  metricIn,
  rollUpSamples,
  wholeOf,
  type Rollup,
} from './0002-seal-finished-hours/rollup.ts';
import { columnsOf, scaleOf, type SampleColumns, type SampleRow } from './0002-seal-finished-hours/samples.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const BATCH = 40_000; // more than an hour at the shortest interval

const hourOf = (tsMs: number): number => Math.floor(tsMs / HOUR_MS) * HOUR_MS;
const minutesOf = (hourMs: number): Rollup => createRollup(hourMs, MINUTE_MS, HOUR_MS / MINUTE_MS);

/** Rows of a GPU in order of arrival, cut where the hour changes. */
function* runsOf(db: Db, gpuId: number): IterableIterator<readonly SampleRow[]> {
  const after = db.prepare(`SELECT * FROM sample WHERE gpu_id = ? AND id > ? ORDER BY id LIMIT ${BATCH}`);
  for (let lastId = -1; ;) {
    const rows = after.all(gpuId, lastId) as SampleRow[];
    if (rows.length === 0) return;
    const isLast = rows.length < BATCH;
    let from = 0;
    for (let i = 1; i <= rows.length; i++) {
      const ends = i < rows.length ? hourOf(rows[i]!.ts_ms) !== hourOf(rows[from]!.ts_ms) : isLast || from === 0;
      if (!ends) continue;
      yield rows.slice(from, i);
      lastId = rows[i - 1]!.id;
      from = i;
    }
  }
}

type MinuteRow = {
  readonly metric_id: number;
  readonly minute_ms: number;
  readonly n: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
};

/** What the roll-ups of schema 1 know beyond the samples of an hour, some or all of which it had deleted. */
function beyondSamples(rows: readonly MinuteRow[], samples: Rollup): Rollup {
  const beyond = minutesOf(samples.fromMs);
  for (const row of rows) {
    const scale = scaleOf(row.metric_id);
    const slot = (row.minute_ms - samples.fromMs) / MINUTE_MS;
    const kept = samples.metrics.get(row.metric_id);
    const n = row.n - (kept?.n[slot] ?? 0);
    if (n <= 0) continue; // all its samples are there
    const metric = metricIn(beyond, row.metric_id);
    metric.n[slot] = n;
    metric.sum[slot] = Math.round(row.sum * scale) - (kept?.sum[slot] ?? 0);
    metric.min[slot] = Math.round(row.min * scale);
    metric.max[slot] = Math.round(row.max * scale);
  }
  return beyond;
}

function createWriters(db: Db) {
  const chunk = db.prepare(
    `INSERT INTO chunk (gpu_id, hour_ms, from_ms, to_ms, first_seq, last_seq, n, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const rollup = db.prepare('INSERT INTO rollup (gpu_id, slot_ms, from_ms, to_ms, data) VALUES (?, ?, ?, ?, ?)');
  const { pack } = db.packer;
  return {
    samples(gpuId: number, hourMs: number, columns: SampleColumns): void {
      const { seq, tsMs } = columns;
      const [fromMs, toMs] = [tsMs.reduce((a, b) => Math.min(a, b)), tsMs.reduce((a, b) => Math.max(a, b))];
      chunk.run(gpuId, hourMs, fromMs, toMs, seq[0], seq.at(-1), seq.length, encodeSamples(columns, pack));
    },
    /** by minute, and as one hour */
    minutes(gpuId: number, minutes: Rollup): void {
      for (const part of [minutes, wholeOf(minutes)]) {
        const { fromMs, slotMs, slots } = part;
        rollup.run(gpuId, slotMs, fromMs, fromMs + slots * slotMs, encodeRollup(part, pack));
      }
    },
  };
}

/**
 * Schema 2: samples in two forms, the open hour as rows and finished hours as sealed chunks; roll-ups in parts.
 *
 * tick: one row per tick for all GPUs, until the hour is sealed. The id is the order of arrival, which a stepped clock
 * cannot change. dt_ms is the time since the tick before by the monotonic clock, NULL after a gap.
 * chunk: samples of one GPU that arrived one after the other within one hour of the wall clock. seq below 0: imported.
 * rollup: slices of slot_ms from from_ms to to_ms. Parts that overlap are added up.
 * event: what happened to a GPU, or to all of them (gpu_id NULL).
 */
export function sealFinishedHours(db: Db): void {
  db.exec(`
    CREATE TABLE tick (
      id     INTEGER PRIMARY KEY,
      ts_ms  INTEGER NOT NULL,
      dt_ms  REAL,
      frames BLOB NOT NULL
    );

    CREATE TABLE chunk (
      id        INTEGER PRIMARY KEY,
      gpu_id    INTEGER NOT NULL REFERENCES gpu (id),
      hour_ms   INTEGER NOT NULL,
      from_ms   INTEGER NOT NULL,
      to_ms     INTEGER NOT NULL,
      first_seq INTEGER NOT NULL,
      last_seq  INTEGER NOT NULL,
      n         INTEGER NOT NULL,
      data      BLOB NOT NULL
    );
    CREATE INDEX chunk_by_hour ON chunk (gpu_id, hour_ms);
    CREATE INDEX chunk_by_arrival ON chunk (gpu_id, last_seq);

    CREATE TABLE rollup (
      id      INTEGER PRIMARY KEY,
      gpu_id  INTEGER NOT NULL REFERENCES gpu (id),
      slot_ms INTEGER NOT NULL,
      from_ms INTEGER NOT NULL,
      to_ms   INTEGER NOT NULL,
      data    BLOB NOT NULL
    );
    CREATE INDEX rollup_by_time ON rollup (slot_ms, gpu_id, from_ms, to_ms);

    CREATE TABLE event (
      id      INTEGER PRIMARY KEY,
      gpu_id  INTEGER REFERENCES gpu (id),
      kind    TEXT NOT NULL,
      from_ms INTEGER NOT NULL,
      to_ms   INTEGER NOT NULL,
      detail  TEXT NOT NULL
    );
    CREATE INDEX event_by_time ON event (from_ms);
    CREATE INDEX minute_by_time ON rollup_minute (gpu_id, minute_ms);
  `);
  const write = createWriters(db);
  const hours = db.prepare('SELECT DISTINCT minute_ms / 3600000 FROM rollup_minute WHERE gpu_id = ?').pluck();
  const minutes = db.prepare('SELECT * FROM rollup_minute WHERE gpu_id = ? AND minute_ms >= ? AND minute_ms < ?');
  const samples = db.prepare('SELECT * FROM sample WHERE gpu_id = ? AND ts_ms >= ? AND ts_ms < ?');

  for (const gpuId of db.prepare('SELECT id FROM gpu').pluck().all() as number[]) {
    let carry: Carry = new Map();
    for (const run of runsOf(db, gpuId)) {
      const hourMs = hourOf(run[0]!.ts_ms);
      const columns = columnsOf(run);
      const rollup = minutesOf(hourMs);
      const afterGap = Number.isNaN(columns.dtMs[0]!); // nothing is added up across one
      rollUpSamples(rollup, columns, intervalSums(columns, afterGap ? new Map() : carry));
      write.minutes(gpuId, rollup);
      write.samples(gpuId, hourMs, columns);
      carry = carryOf(columns);
    }
    for (const hour of hours.all(gpuId) as number[]) {
      const hourMs = hour * HOUR_MS;
      const kept = minutesOf(hourMs);
      rollUpSamples(kept, columnsOf(samples.all(gpuId, hourMs, hourMs + HOUR_MS) as SampleRow[]));
      const beyond = beyondSamples(minutes.all(gpuId, hourMs, hourMs + HOUR_MS) as MinuteRow[], kept);
      if (beyond.metrics.size > 0) write.minutes(gpuId, beyond);
    }
  }
  db.exec('DROP TABLE sample; DROP TABLE rollup_minute');
}
