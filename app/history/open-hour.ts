import type { Db } from './db.ts';
import { createTickEncoder, readTick, type FrameOfGpu, type Target } from './codec/frame-row.ts';
import type { SampleColumns } from './codec/sample-chunk.ts';
import { createSampleCollector, type SampleCollector } from './sample-collector.ts';

export const HOUR_MS = 3_600_000;
export const hourOf = (tsMs: number): number => Math.floor(tsMs / HOUR_MS) * HOUR_MS;

/** Rows that arrived one after the other within one hour of the wall clock. */
export type Run = { readonly hourMs: number; readonly firstSeq: number; readonly lastSeq: number };

type Row = { readonly id: number; readonly ts: number; readonly dt: number | null; readonly frames: Uint8Array };

/** Rows per read: faster than one by one, and only some hundred kilobytes. */
const PAGE = 200;

/** The samples that are not sealed yet: one row per tick, for all GPUs. */
export type OpenHour = {
  readonly insert: (seq: number, tsMs: number, dtMs: number | undefined, frames: readonly FrameOfGpu[]) => void;
  /** Rows in order of arrival, grouped by hour. Reads every time stamp, so use it only at the start. */
  readonly runs: () => Run[];
  /** Samples of one GPU that arrived after sequence number `seq`. */
  readonly after: (gpuId: number, seq: number) => SampleColumns;
  /** Samples of one GPU with fromMs ≤ ts < toMs, in order of arrival; @param wanted only these metrics */
  readonly between: (gpuId: number, fromMs: number, toMs: number, wanted?: readonly number[]) => SampleColumns;
  /**
   * All samples of one GPU of a run, and which other GPUs it has. Without an id: of the first GPU found.
   * @param collector an empty one, whose memory is used
   */
  readonly read: (
    run: Run,
    collector: SampleCollector,
    gpuId?: number,
  ) => { gpuId: number | undefined; columns: SampleColumns; others: number[] };
  /** Samples of one GPU, these metrics only. They are kept between calls, so that only new rows are read. */
  readonly recent: (gpuId: number, metricIds: readonly number[]) => SampleColumns;
  readonly remove: (run: Run) => void;
  readonly extent: () => { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly lastSeq: () => number;
  /** stamp of the newest row */
  readonly lastMs: () => number | undefined;
};

export function createOpenHour(db: Db): OpenHour {
  const insert = db.prepare('INSERT INTO tick (id, ts_ms, dt_ms, frames) VALUES (?, ?, ?, ?)');
  const stamps = db.prepare('SELECT id, ts_ms AS ts FROM tick ORDER BY id');
  const rows = db.prepare(
    `SELECT id, ts_ms AS ts, dt_ms AS dt, frames FROM tick
     WHERE id >= ? AND id <= ? AND ts_ms >= ? AND ts_ms < ? ORDER BY id LIMIT ${PAGE}`,
  );
  const remove = db.prepare('DELETE FROM tick WHERE id >= ? AND id <= ?');
  const first = db.prepare('SELECT min(id) AS id FROM tick');
  const last = db.prepare('SELECT max(id) AS id FROM tick');
  const lastMs = db.prepare('SELECT ts_ms FROM tick ORDER BY id DESC LIMIT 1').pluck();
  const extent = db.prepare('SELECT min(ts_ms) AS fromMs, max(ts_ms) AS toMs FROM tick');
  const encode = createTickEncoder();
  const idIn = (statement: typeof first): number | null => (statement.get() as { id: number | null }).id;

  type Stretch = {
    readonly firstSeq?: number;
    readonly lastSeq?: number;
    readonly fromMs?: number;
    readonly toMs?: number;
  };

  /** @param targetOf where the readings of a GPU of this row go; undefined skips them */
  function readRows(
    { firstSeq = 0, lastSeq = Number.MAX_SAFE_INTEGER, fromMs = -Infinity, toMs = Infinity }: Stretch,
    targetOf: (row: Row, gpuId: number) => Target | undefined,
  ): void {
    for (let from = firstSeq; from <= lastSeq;) {
      const page = rows.all(from, lastSeq, fromMs, toMs) as Row[];
      for (const row of page) readTick(row.frames, (gpuId) => targetOf(row, gpuId));
      if (page.length < PAGE) return;
      from = page.at(-1)!.id + 1;
    }
  }
  function collect(collector: SampleCollector, wantedGpu: number, stretch: Stretch): SampleColumns {
    readRows(stretch, ({ id, ts, dt }, gpuId) => (gpuId === wantedGpu ? collector.add(id, ts, dt) : undefined));
    return collector.columns();
  }

  type Kept = { collector: SampleCollector; wanted: Set<number>; firstSeq: number; nextSeq: number };
  const kept = new Map<number, Kept>();

  return {
    insert(seq, tsMs, dtMs, frames) {
      insert.run(seq, Math.round(tsMs), dtMs ?? null, encode(frames));
    },
    runs() {
      const found: Run[] = [];
      for (const { id, ts } of stamps.iterate() as IterableIterator<Row>) {
        const run = found.at(-1);
        const hourMs = hourOf(ts);
        if (run?.hourMs === hourMs) found[found.length - 1] = { ...run, lastSeq: id };
        else found.push({ hourMs, firstSeq: id, lastSeq: id });
      }
      return found;
    },
    after: (gpuId, seq) => collect(createSampleCollector(), gpuId, { firstSeq: Math.max(0, seq + 1) }),
    between: (gpuId, fromMs, toMs, wanted) =>
      collect(createSampleCollector(wanted && new Set(wanted)), gpuId, { fromMs, toMs }),
    read({ firstSeq, lastSeq }, collector, wantedGpu) {
      const others = new Set<number>();
      let chosen = wantedGpu;
      readRows({ firstSeq, lastSeq }, ({ id, ts, dt }, gpuId) => {
        chosen ??= gpuId;
        if (gpuId === chosen) return collector.add(id, ts, dt);
        others.add(gpuId);
        return undefined;
      });
      return { gpuId: chosen, columns: collector.columns(), others: [...others] };
    },
    recent(gpuId, metricIds) {
      const firstSeq = idIn(first) ?? 0;
      const lastSeq = idIn(last) ?? 0;
      let state = kept.get(gpuId);
      if (!state || state.firstSeq !== firstSeq || metricIds.some((id) => !state!.wanted.has(id))) {
        // rows were sealed meanwhile, or other metrics are needed: read all rows again
        const wanted = new Set([...metricIds, ...(state?.firstSeq === firstSeq ? state.wanted : [])]);
        state = { collector: createSampleCollector(wanted), wanted, firstSeq, nextSeq: firstSeq };
        kept.set(gpuId, state);
      }
      if (lastSeq >= state.nextSeq) {
        collect(state.collector, gpuId, { firstSeq: state.nextSeq, lastSeq });
        state.nextSeq = lastSeq + 1;
      }
      return state.collector.columns();
    },
    remove(run) {
      remove.run(run.firstSeq, run.lastSeq);
      kept.clear();
    },
    extent() {
      const { fromMs, toMs } = extent.get() as { fromMs: number | null; toMs: number | null };
      return fromMs === null || toMs === null ? undefined : { fromMs, toMs };
    },
    lastSeq: () => idIn(last) ?? 0,
    lastMs: () => lastMs.get() as number | undefined,
  };
}
