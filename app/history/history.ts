import type { MetricKey } from '../metrics/metrics.ts';
import type { Gap, Tick } from '../telemetry/sampler.ts';
import { createByHour } from './by-hour.ts';
import { createChunkTable } from './chunks.ts';
import type { Db } from './db.ts';
import { createEventTable, createEventWatcher, type EventChange } from './events.ts';
import { createImporter } from './importer.ts';
import { createOpenHour } from './open-hour.ts';
import { queryRange, type Range, type RangeQuery } from './range.ts';
import { createGapTable, createGpuTable, createXidTable } from './records.ts';
import { createRetention, type RetentionRule } from './retention/retention.ts';
import { createRollupParts, MINUTE_MS } from './rollup-parts.ts';
import { createSamples, type ReplayPart, type StoredSample } from './samples.ts';
import { createPrepareSealed, createRollUp, createSealer } from './sealer.ts';
import { queryTotals, type Totals } from './totals.ts';

/** `sampleId` is the order of arrival: it grows with every tick, also when the wall clock is set back. */
export type StoredTick = { readonly gpuId: number; readonly uuid: string; readonly sampleId: number };

const MOST_MS = 8.64e15; // the farthest moment that a Date can hold
const minuteOf = (tsMs: number): number => Math.floor(tsMs / MINUTE_MS);

/** A table of another domain that is written in the same transaction as a tick. */
export type TickWriter = {
  /** whether the tick has anything for this table: most do not, and are written without an explicit transaction */
  readonly wants: (tick: Tick) => boolean;
  readonly write: (tick: Tick, idOf: (gpuUuid: string) => number) => void;
};

/**
 * The history of all GPUs, in one SQLite file: the open hour as rows, finished hours as sealed columns, roll-ups of both.
 * All times are ms since 1970.
 */
export function createHistory(db: Db, writers: readonly TickWriter[] = []) {
  const open = createOpenHour(db);
  const chunks = createChunkTable(db);
  const parts = createRollupParts(db);
  const prepare = createPrepareSealed(chunks, parts);
  const sealer = createSealer(db, open, prepare);
  const byHour = createByHour(db, chunks, open);
  const samples = createSamples(byHour);
  const retention = createRetention(db);
  const gpus = createGpuTable(db);
  const xids = createXidTable(db);
  const gaps = createGapTable(db);
  const events = createEventTable(db);
  const sources = { chunks, open, parts };
  const tidy = (nowMs: number): boolean => sealer.step(nowMs) || parts.merge(nowMs);
  const importer = createImporter(db, { chunks, byHour, gpus, rollups: parts, rollUp: createRollUp(chunks, parts) });

  const ids = new Map<string, number>();
  let seenMinute: number | undefined;
  let watchEvents: ReturnType<typeof createEventWatcher> | undefined;
  let lastSeq: number | undefined; // only a connection that writes needs it

  const findId = (uuid: string): number | undefined => gpus.list().find((gpu) => gpu.uuid === uuid)?.id;
  const samplesBetween = (gpuUuid: string, fromMs: number, toMs: number): Iterable<StoredSample> => {
    const id = findId(gpuUuid);
    return id === undefined ? [] : samples.between(id, fromMs, toMs);
  };
  /** Writes everything of a tick but its samples. Most ticks have nothing else. */
  function writeOthers(tick: Tick, minute: number, found: readonly EventChange[]): void {
    if (tick.gap) gaps.insert(tick.gap);
    for (const { gpu } of tick.gpus) {
      if (seenMinute !== minute || !ids.has(gpu.uuid)) ids.set(gpu.uuid, gpus.seen(gpu, tick.tsMs));
    }
    for (const writer of writers) writer.write(tick, (uuid) => ids.get(uuid)!);
    for (const xid of tick.events ?? []) {
      const gpuId = ids.get(xid.gpuUuid);
      if (gpuId !== undefined) xids.record(gpuId, xid);
    }
    for (const event of found) events.record(event.uuid === undefined ? null : ids.get(event.uuid)!, event);
  }
  function writeSamples(seq: number, tick: Tick): void {
    if (tick.gpus.length === 0) return;
    const frames = tick.gpus.map(({ gpu, frame }) => ({ gpuId: ids.get(gpu.uuid)!, frame }));
    open.insert(seq, tick.tsMs, tick.dtMs, frames);
  }
  const writeAll = db.transaction((seq: number, tick: Tick, minute: number, found: readonly EventChange[]): void => {
    writeOthers(tick, minute, found);
    writeSamples(seq, tick);
  });
  /** One snapshot: an hour that is sealed between two reads would count twice or not at all. */
  const reading = db.transaction(<T>(read: () => T): T => read()) as <T>(read: () => T) => T;

  return {
    /** Writes one tick. When this returns, a killed process does not lose it. */
    append(tick: Tick): StoredTick[] {
      lastSeq ??= Math.max(0, open.lastSeq(), chunks.lastSeq());
      watchEvents ??= createEventWatcher(events.lastDriver());
      const seq = lastSeq + 1;
      const minute = minuteOf(tick.tsMs);
      // pages of the open hour are written once and rarely read again: free SQLite's cache of them
      if (minute !== seenMinute) db.pragma('shrink_memory');
      const found = watchEvents(tick);
      const alone =
        !tick.gap &&
        minute === seenMinute &&
        found.length === 0 &&
        !tick.events?.length &&
        tick.gpus.every(({ gpu }) => ids.has(gpu.uuid)) &&
        !writers.some((writer) => writer.wants(tick));
      try {
        if (alone) writeSamples(seq, tick);
        else writeAll(seq, tick, minute, found);
      } catch (thrown) {
        ids.clear(); // new GPUs were rolled back
        throw thrown;
      }
      lastSeq = seq;
      seenMinute = minute;
      sealer.appended(seq, Math.round(tick.tsMs));
      return tick.gpus.map(({ gpu }) => ({ gpuId: ids.get(gpu.uuid)!, uuid: gpu.uuid, sampleId: seq }));
    },

    appendGap: (gap: Gap): void => gaps.insert(gap),

    /**
     * Does a small part of the work between ticks: seals finished hours, merges roll-ups, applies the retention rule.
     * @returns true while there is more
     */
    housekeep: (rule: RetentionRule, nowMs: number): boolean => tidy(nowMs) || retention.step(rule, nowMs),

    /** The same without retention: nothing is deleted. */
    tidy,

    /** Slices of a range for a chart; undefined if the GPU was never seen. */
    range: (query: RangeQuery): Range | undefined =>
      reading(() => {
        const id = findId(query.gpuUuid);
        return id === undefined ? undefined : queryRange(sources, id, query, gaps.between(query.fromMs, query.toMs));
      }),

    /** Totals of a range: energy, time observed, asleep and throttled; undefined if the GPU was never seen. */
    totals: (gpuUuid: string, fromMs: number, toMs: number): Totals | undefined =>
      reading(() => {
        const id = findId(gpuUuid);
        return id === undefined ? undefined : queryTotals(sources, id, fromMs, toMs);
      }),

    gaps: (fromMs: number, toMs: number): Gap[] => gaps.between(fromMs, toMs),

    samplesBetween,

    /** Samples of a range by time as typed arrays of a few metrics, an hour at a time: for models run over years. */
    replay(gpuUuid: string, fromMs: number, toMs: number, keys: readonly MetricKey[]): Iterable<ReplayPart> {
      const id = findId(gpuUuid);
      return id === undefined ? [] : samples.replay(id, fromMs, toMs, keys);
    },

    /** row number of a GPU; undefined: never seen */
    idOf: findId,

    /** The first moment of the history and the one after its last; undefined if it is empty. */
    extent(): { fromMs: number; toMs: number } | undefined {
      const both = [open.extent(), chunks.extent()].filter((extent) => extent !== undefined);
      if (both.length === 0) return undefined;
      return {
        fromMs: Math.min(...both.map(({ fromMs }) => fromMs)),
        toMs: Math.max(...both.map(({ toMs }) => toMs)) + 1,
      };
    },

    samplesAfter: samples.after,
    /** all samples of a GPU by time, imported ones among them, as typed arrays of a few metrics, an hour at a time */
    replayAll: (gpuId: number, keys: readonly MetricKey[]): Iterable<ReplayPart> =>
      samples.replay(gpuId, -MOST_MS, MOST_MS, keys),
    beginImport: importer.begin,
    importSamples: importer.importSamples,
    storage: retention.storage,
    retentionPreview: retention.preview,
    believedMs: retention.believedMs,
    gpus,
    events,
    /** Writes an event that no tick brings. */
    recordEvent: (change: EventChange): void =>
      events.record(change.uuid === undefined ? null : (findId(change.uuid) ?? null), change),
    xids,
    close: (): void => {
      db.close();
    },
  };
}

export type History = ReturnType<typeof createHistory>;
