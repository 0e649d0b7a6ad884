import type { Db } from './db.ts';
import { encodeSamples, openSamples, type SampleChunk, type SampleColumns } from './codec/sample-chunk.ts';

/** The row of a sealed chunk. One hour can have several: the clock was set back, or samples were imported. */
export type ChunkPlace = {
  readonly id: number;
  readonly hourMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly n: number;
};

export type ChunkTable = {
  /** Encodes now. The function that it returns writes. */
  readonly prepare: (gpuId: number, hourMs: number, columns: SampleColumns) => () => void;
  /** Replaces a chunk by other samples of the same hour. */
  readonly replace: (id: number, columns: SampleColumns) => void;
  /** chunks of hours with fromHourMs ≤ hour < toMs, by hour and arrival */
  readonly between: (gpuId: number, fromHourMs: number, toMs: number) => ChunkPlace[];
  /** chunks with samples after sequence number `seq`, in order of arrival */
  readonly after: (gpuId: number, seq: number) => ChunkPlace[];
  /** the last chunk that ends before sequence number `seq` */
  readonly before: (gpuId: number, seq: number) => ChunkPlace | undefined;
  /** undefined if it was removed meanwhile */
  readonly open: (id: number) => SampleChunk | undefined;
  readonly extent: () => { readonly fromMs: number; readonly toMs: number } | undefined;
  /** smallest sequence number of a GPU, 0 if it has none */
  readonly firstSeq: (gpuId: number) => number;
  /** largest sequence number of all, 0 if there is none */
  readonly lastSeq: () => number;
  /** end of the chunk that was recorded last, imported ones left out */
  readonly lastMs: () => number | undefined;
};

const PLACE = `id, hour_ms AS hourMs, from_ms AS fromMs, to_ms AS toMs, first_seq AS firstSeq, last_seq AS lastSeq, n
  FROM chunk`;

export function createChunkTable(db: Db): ChunkTable {
  const insert = db.prepare(
    `INSERT INTO chunk (gpu_id, hour_ms, from_ms, to_ms, first_seq, last_seq, n, data)
     VALUES (@gpuId, @hourMs, @fromMs, @toMs, @firstSeq, @lastSeq, @n, @data)`,
  );
  const replace = db.prepare(
    `UPDATE chunk SET from_ms = @fromMs, to_ms = @toMs, first_seq = @firstSeq, last_seq = @lastSeq, n = @n,
       data = @data WHERE id = @id`,
  );
  const between = db.prepare(
    `SELECT ${PLACE} WHERE gpu_id = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms, first_seq`,
  );
  const after = db.prepare(`SELECT ${PLACE} WHERE gpu_id = ? AND last_seq > ? ORDER BY first_seq`);
  const before = db.prepare(`SELECT ${PLACE} WHERE gpu_id = ? AND last_seq < ? ORDER BY last_seq DESC LIMIT 1`);
  const data = db.prepare('SELECT data FROM chunk WHERE id = ?').pluck();
  const extent = db.prepare('SELECT min(from_ms) AS fromMs, max(to_ms) AS toMs FROM chunk');
  const firstSeq = db.prepare('SELECT first_seq FROM chunk WHERE gpu_id = ? ORDER BY last_seq LIMIT 1').pluck();
  const lastSeq = db.prepare('SELECT max((SELECT max(last_seq) FROM chunk WHERE gpu_id = gpu.id)) FROM gpu').pluck();
  const lastMs = db.prepare('SELECT to_ms FROM chunk WHERE last_seq > 0 ORDER BY last_seq DESC LIMIT 1').pluck();

  function fields(columns: SampleColumns) {
    const { seq, tsMs } = columns;
    return {
      fromMs: tsMs.reduce((a, b) => Math.min(a, b)),
      toMs: tsMs.reduce((a, b) => Math.max(a, b)),
      firstSeq: seq[0],
      lastSeq: seq.at(-1),
      n: seq.length,
      data: encodeSamples(columns, db.packer),
    };
  }
  return {
    prepare(gpuId, hourMs, columns) {
      const row = { gpuId, hourMs, ...fields(columns) };
      return () => void insert.run(row);
    },
    replace(id, columns) {
      replace.run({ id, ...fields(columns) });
    },
    between: (gpuId, fromHourMs, toMs) => between.all(gpuId, fromHourMs, toMs) as ChunkPlace[],
    after: (gpuId, seq) => after.all(gpuId, seq) as ChunkPlace[],
    before: (gpuId, seq) => before.get(gpuId, seq) as ChunkPlace | undefined,
    open(id) {
      const bytes = data.get(id) as Uint8Array | undefined;
      return bytes && openSamples(bytes, db.packer);
    },
    extent() {
      const { fromMs, toMs } = extent.get() as { fromMs: number | null; toMs: number | null };
      return fromMs === null || toMs === null ? undefined : { fromMs, toMs };
    },
    firstSeq: (gpuId) => (firstSeq.get(gpuId) as number | undefined) ?? 0,
    lastSeq: () => (lastSeq.get() as number | null) ?? 0,
    lastMs: () => lastMs.get() as number | undefined,
  };
}
