import { createChunkTable } from './chunks.ts';
import type { Db } from './db.ts';
import { readingCode, type MetricColumn, type SampleColumns } from './codec/sample-chunk.ts';
import { HOUR_MS, hourOf } from './open-hour.ts';
import { addRollup, createRollup, metricIn, type Rollup } from './codec/rollup.ts';
import { createRollupParts, MINUTE_MS } from './rollup-parts.ts';
import { createPrepareSealed } from './sealer.ts';

/** Columns of schema 1, by metric id − 1, with the scale that they were written at. */
const COLUMNS_1 = [
  ['core_temp_c', 10], ['mem_temp_c', 10], ['temp_shutdown_c', 10], ['temp_slowdown_c', 10], ['temp_max_c', 10],
  ['temp_target_c', 10], ['temp_margin_k', 10], ['power_w', 1000], ['power_average_w', 1000], ['power_instant_w', 1000],
  ['power_limit_w', 1000], ['power_default_limit_w', 1000], ['power_min_limit_w', 1000], ['power_max_limit_w', 1000],
  ['energy_mj', 1], ['gpu_util_pct', 10], ['mem_util_pct', 10], ['vram_used_bytes', 1], ['vram_total_bytes', 1],
  ['graphics_clock_mhz', 10], ['sm_clock_mhz', 10], ['mem_clock_mhz', 10], ['pstate', 1], ['throttle_reasons', 1],
  ['fan_pct', 10], ['throttled_sw_power_us', 1], ['throttled_sw_thermal_us', 1], ['throttled_hw_thermal_us', 1],
  ['throttled_power_brake_us', 1],
] as const; // prettier-ignore

type Row1 = { id: number; gpu_id: number; ts_ms: number; dt_ms: number | null; states: Uint8Array } & Record<
  string,
  number | null
>;

function columnsOf(rows: readonly Row1[]): SampleColumns {
  const of = (pick: (row: Row1) => number): Float64Array => Float64Array.from(rows, pick);
  const metrics = COLUMNS_1.map(([name], i): [number, MetricColumn] => [
    i + 1,
    {
      // bit 7 of a state byte told that the value was derived
      codes: of(({ states }) => readingCode((states[i] ?? 0) & 0x7f, (states[i] ?? 0) >> 7, 0)),
      values: of((row) => (((row.states[i] ?? 0) & 0x7f) === 1 ? (row[name] ?? 0) : Number.NaN)),
    },
  ]); // prettier-ignore
  return {
    seq: of(({ id }) => id),
    tsMs: of(({ ts_ms }) => ts_ms),
    dtMs: of(({ dt_ms }) => dt_ms ?? Number.NaN),
    metrics: new Map(metrics),
  };
}

const BATCH = 40_000; // more than an hour at the shortest interval

/** Rows of a GPU in the order they came, cut where the hour changes. */
function* runsOf(db: Db, gpuId: number): IterableIterator<readonly Row1[]> {
  const after = db.prepare(`SELECT * FROM sample WHERE gpu_id = ? AND id > ? ORDER BY id LIMIT ${BATCH}`);
  for (let lastId = -1; ;) {
    const rows = after.all(gpuId, lastId) as Row1[];
    if (rows.length === 0) return;
    let from = 0;
    for (let i = 1; i <= rows.length; i++) {
      const ends = i === rows.length ? rows.length < BATCH || from === 0 : hourOf(rows[i]!.ts_ms) !== hourOf(rows[from]!.ts_ms); // prettier-ignore
      if (!ends) continue;
      yield rows.slice(from, i);
      lastId = rows[i - 1]!.id;
      from = i;
    }
  }
}

type MinuteRow = { metric_id: number; minute_ms: number; n: number; min: number; max: number; sum: number };

/** What the roll-ups of schema 1 know beyond the samples of an hour, which it had deleted in part or whole. */
function beyondSamples(rows: readonly MinuteRow[], hourMs: number, sealed: Iterable<Rollup>): Rollup {
  const known = createRollup(hourMs, MINUTE_MS, HOUR_MS / MINUTE_MS);
  for (const part of sealed) addRollup(known, part);
  const beyond = createRollup(hourMs, MINUTE_MS, HOUR_MS / MINUTE_MS);
  for (const { metric_id, minute_ms, ...row } of rows) {
    const scale = COLUMNS_1[metric_id - 1]?.[1] ?? 1;
    const slot = (minute_ms - hourMs) / MINUTE_MS;
    const samples = known.metrics.get(metric_id);
    const n = row.n - (samples?.n[slot] ?? 0);
    if (n <= 0) continue; // the samples are there and speak for themselves
    const metric = metricIn(beyond, metric_id, scale);
    metric.n[slot] = n;
    metric.sum[slot] = Math.round(row.sum * scale) - (samples?.sum[slot] ?? 0);
    metric.min[slot] = Math.round(row.min * scale);
    metric.max[slot] = Math.round(row.max * scale);
  }
  return beyond;
}

/** Schema 2: samples in two forms, the open hour as rows and finished hours as sealed chunks; roll-ups in parts. */
export function toSealedSchema(db: Db): void {
  db.exec(`
    -- One row a tick for all GPUs, until the hour is sealed. The id is the order of arrival, which a stepped clock cannot
    -- change; dt_ms is the time since the tick before by the monotonic clock, NULL after a gap.
    CREATE TABLE tick (
      id     INTEGER PRIMARY KEY,
      ts_ms  INTEGER NOT NULL,
      dt_ms  REAL,
      frames BLOB NOT NULL
    );

    -- Samples of one GPU that came one after the other within one hour of the wall clock. seq below 0: imported.
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

    -- Slices of slot_ms from from_ms to to_ms. Parts that overlap are added up.
    CREATE TABLE rollup (
      id      INTEGER PRIMARY KEY,
      gpu_id  INTEGER NOT NULL REFERENCES gpu (id),
      slot_ms INTEGER NOT NULL,
      from_ms INTEGER NOT NULL,
      to_ms   INTEGER NOT NULL,
      data    BLOB NOT NULL
    );
    CREATE INDEX rollup_by_time ON rollup (slot_ms, gpu_id, from_ms, to_ms);

    -- What happened to a GPU, or to all of them (gpu_id NULL): see events.ts.
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
  const chunks = createChunkTable(db);
  const parts = createRollupParts(db);
  const prepare = createPrepareSealed(chunks, parts);
  const hours = db.prepare('SELECT DISTINCT minute_ms / 3600000 FROM rollup_minute WHERE gpu_id = ?').pluck();
  const minutes = db.prepare('SELECT * FROM rollup_minute WHERE gpu_id = ? AND minute_ms >= ? AND minute_ms < ?');

  for (const gpuId of db.prepare('SELECT id FROM gpu').pluck().all() as number[]) {
    for (const run of runsOf(db, gpuId)) prepare(gpuId, hourOf(run[0]!.ts_ms), columnsOf(run))();
    for (const hour of hours.all(gpuId) as number[]) {
      const hourMs = hour * HOUR_MS;
      const rows = minutes.all(gpuId, hourMs, hourMs + HOUR_MS) as MinuteRow[];
      const beyond = beyondSamples(rows, hourMs, parts.between(gpuId, MINUTE_MS, hourMs, hourMs + HOUR_MS));
      if (beyond.metrics.size === 0) continue;
      const whole = createRollup(hourMs, HOUR_MS, 1);
      addRollup(whole, beyond);
      parts.prepare(gpuId, beyond)();
      parts.prepare(gpuId, whole)();
    }
  }
  db.exec('DROP TABLE sample; DROP TABLE rollup_minute');
}
