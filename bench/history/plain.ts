// The same samples as plain SQLite rows: what Slowburn's history is compared with.
import Database from 'better-sqlite3';
import fs from 'node:fs';
import path from 'node:path';
import { columnOf, metrics } from '../../app/metrics/metrics.ts';
import { hasValue } from '../../app/metrics/frame.ts';
import { median, percentile, rounded } from '../stats.ts';
import { hoursOf, type Moment } from '../year.ts';
import { BUCKETS, DAY_MS, folder, PLAIN_DAYS, SHOWN, sizeOf, spans, START, timed } from './shared.ts';

const plainColumns = metrics.map(({ key }) => columnOf(key));
const plainSchema = `
  CREATE TABLE sample (
    id INTEGER PRIMARY KEY, gpu_id INTEGER, ts_ms INTEGER, dt_ms REAL, states BLOB,
    ${plainColumns.map((name) => `${name} REAL`).join(', ')}
  );
  CREATE INDEX by_time ON sample (gpu_id, ts_ms)`;
const plainInsert = `
  INSERT INTO sample (gpu_id, ts_ms, dt_ms, states, ${plainColumns.join(', ')})
  VALUES (?, ?, ?, ?${', ?'.repeat(plainColumns.length)})`;

/** The same samples as one row each, one column per metric, with an index by GPU and time. */
export function writePlain(file: string) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(plainSchema);
  const insert = db.prepare(plainInsert);
  let values = 0;
  const put = db.transaction((moments: Iterable<Moment>) => {
    for (const { tsMs, dtMs, frame } of moments) {
      const row = metrics.map((_, i) => (hasValue(frame, i) ? frame.values[i]! : null));
      values += row.filter((value) => value !== null).length;
      insert.run(1, tsMs, dtMs ?? null, frame.states, ...row);
    }
  });
  for (const moments of hoursOf(PLAIN_DAYS * 24, START)) put(moments);
  db.pragma('wal_checkpoint(TRUNCATE)');
  return { db, values, fileBytes: sizeOf(file) };
}

function plainRange(db: Database.Database, fromMs: number, toMs: number, buckets: number): void {
  const of = SHOWN.map(columnOf).map((name) => `count(${name}), min(${name}), max(${name}), avg(${name})`);
  const query = db.prepare(
    `SELECT CAST((ts_ms - @fromMs) / @step AS INTEGER) AS slice, ${of.join(', ')} FROM sample
     WHERE gpu_id = 1 AND ts_ms >= @fromMs AND ts_ms < @toMs GROUP BY slice`,
  );
  query.raw().all({ fromMs, toMs, step: (toMs - fromMs) / buckets });
}

export function appendPlain(gpus: number, ticks: number) {
  const file = path.join(folder(), 'plain.db');
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(plainSchema);
  const insert = db.prepare(plainInsert);
  const [moments] = [...hoursOf(1, START)];
  const put = db.transaction((i: number) => {
    const { tsMs, dtMs, frame } = moments![i % 3600]!;
    for (let gpu = 0; gpu < gpus; gpu++) {
      const row = metrics.map((_, k) => (hasValue(frame, k) ? frame.values[k]! : null));
      insert.run(gpu, tsMs, dtMs ?? null, frame.states, ...row);
    }
  });
  for (let i = 0; i < 500; i++) put(i);
  const times = timed(ticks, (i) => put(500 + i));
  db.close();
  fs.rmSync(path.dirname(file), { recursive: true });
  return { p95Ms: rounded(percentile(times, 0.95)), medianMs: rounded(median(times)) };
}

/** Queries and a decode of the plain rows of `writePlain`. Closes them. */
export function askPlain(db: Database.Database) {
  const end = START + PLAIN_DAYS * DAY_MS;
  const p95 = (span: number, runs: number): number => {
    const ask = (run: number): void => plainRange(db, end - span - run * 977, end - run * 977, BUCKETS);
    return rounded(percentile(timed(runs, ask), 0.95));
  };
  const queryP95Ms = {
    lastHour: p95(spans.hour, 20),
    lastDay: p95(spans.day, 5),
    lastWeek: p95(spans.week, 3),
  };
  const zoom = timed(50, (run) => {
    const fromMs = START + ((run * 7_919_003) % (PLAIN_DAYS * DAY_MS - 600_000));
    plainRange(db, fromMs, fromMs + 600_000, BUCKETS);
  });
  const [decodeMs] = timed(1, () => {
    const rows = db.prepare('SELECT ts_ms, core_temp_c FROM sample WHERE gpu_id = 1 ORDER BY ts_ms').raw();
    const tsMs = new Float64Array(PLAIN_DAYS * 86_400);
    const values = new Float64Array(tsMs.length);
    let i = 0;
    for (const [ts, value] of rows.iterate() as IterableIterator<[number, number | null]>) {
      tsMs[i] = ts;
      values[i++] = value ?? Number.NaN;
    }
  });
  db.close();
  return { queryP95Ms, rawZoomP95Ms: rounded(percentile(zoom, 0.95)), decodeMs: decodeMs! };
}
