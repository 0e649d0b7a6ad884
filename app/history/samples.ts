import { columnOf, metrics, type Metric } from '../metrics.ts';
import { createFrame, hasValue, type Frame } from '../reading.ts';
import type { Db } from './database.node.ts';

/** A stored sample of one GPU. */
export type StoredSample = {
  readonly id: number;
  readonly tsMs: number;
  readonly dtMs: number | undefined;
  readonly frame: Frame;
};

type Row = { id: number; ts_ms: number; dt_ms: number | null; states: Uint8Array } & Record<string, number | null>;

const DERIVED = 0x80;
const columns = metrics.map(({ key }) => columnOf(key));
const stateBytes = Math.max(...metrics.map(({ id }) => id));

/** Adds a column for each metric that the file does not know yet. Older versions of Slowburn pass over them. */
export function ensureColumns(db: Db): void {
  const present = new Set((db.pragma('table_info(sample)') as { name: string }[]).map(({ name }) => name));
  for (const column of columns) if (!present.has(column)) db.exec(`ALTER TABLE sample ADD COLUMN ${column} REAL`);
}

function statesOf(frame: Frame): Uint8Array {
  const states = new Uint8Array(stateBytes);
  metrics.forEach(({ id }, i) => (states[id - 1] = frame.states[i]! | (frame.derived[i] ? DERIVED : 0)));
  return states;
}

function frameOf(row: Row): Frame {
  const frame = createFrame();
  metrics.forEach(({ id }, i) => {
    const state = row.states[id - 1] ?? 0; // a row older than the metric: never read
    frame.states[i] = state & ~DERIVED;
    frame.derived[i] = state & DERIVED ? 1 : 0;
    frame.values[i] = row[columns[i]!] ?? 0;
  });
  return frame;
}

export type SampleTable = {
  readonly insert: (gpuId: number, tsMs: number, dtMs: number | undefined, frame: Frame) => number;
  /** samples of a GPU after one, in the order they came */
  readonly after: (gpuId: number, id: number) => IterableIterator<StoredSample>;
  /** samples of a GPU with fromMs ≤ ts < toMs, by time */
  readonly between: (gpuId: number, fromMs: number, toMs: number) => IterableIterator<StoredSample>;
  /** first and last stamp of all */
  readonly extent: () => { readonly fromMs: number; readonly toMs: number } | undefined;
};

export function createSampleTable(db: Db): SampleTable {
  const insert = db.prepare(
    `INSERT INTO sample (gpu_id, ts_ms, dt_ms, states, ${columns.join(', ')})
     VALUES (?, ?, ?, ?, ${columns.map(() => '?').join(', ')})`,
  );
  const after = db.prepare('SELECT * FROM sample WHERE gpu_id = ? AND id > ? ORDER BY id');
  const between = db.prepare('SELECT * FROM sample WHERE gpu_id = ? AND ts_ms >= ? AND ts_ms < ? ORDER BY ts_ms, id');
  const extent = db.prepare('SELECT min(ts_ms) AS first, max(ts_ms) AS last FROM sample');

  function* stored(rows: IterableIterator<unknown>): IterableIterator<StoredSample> {
    for (const row of rows as IterableIterator<Row>) {
      yield { id: row.id, tsMs: row.ts_ms, dtMs: row.dt_ms ?? undefined, frame: frameOf(row) };
    }
  }
  return {
    insert(gpuId, tsMs, dtMs, frame) {
      const values = metrics.map((_, i) => (hasValue(frame, i) ? frame.values[i]! : null));
      const { lastInsertRowid } = insert.run(gpuId, Math.round(tsMs), dtMs ?? null, statesOf(frame), ...values);
      return Number(lastInsertRowid);
    },
    after: (gpuId, id) => stored(after.iterate(gpuId, id)),
    between: (gpuId, fromMs, toMs) => stored(between.iterate(gpuId, fromMs, toMs)),
    extent() {
      const { first, last } = extent.get() as { first: number | null; last: number | null };
      return first === null || last === null ? undefined : { fromMs: first, toMs: last };
    },
  };
}

/** SQL list of aggregates for some metrics, as used by roll-ups and range queries. */
export const aggregates = (wanted: readonly Metric[]): string =>
  wanted
    .map(({ key }, i) => {
      const column = columnOf(key);
      return `count(${column}) AS n${i}, min(${column}) AS min${i}, max(${column}) AS max${i}, sum(${column}) AS sum${i}`;
    })
    .join(', ');
