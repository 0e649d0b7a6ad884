import type { AlertChange } from '../alerts/engine.ts';
import type { Gap, Tick } from '../telemetry/sampler.ts';
import { powerWindowMs } from '../workload/energy.ts';
import type { Marks } from '../workload/outputs.ts';
import { idlePowerW, summariseGpu, type GpuSummary, type Workload } from '../workload/session.ts';
import type { Db } from './database.node.ts';
import { queryGaps, queryRange, type Range, type RangeQuery } from './range.ts';
import {
  createAlertTable,
  createGapTable,
  createGpuTable,
  createProcessTable,
  createSessionTable,
  createShareTable,
  createWearTable,
} from './records.ts';
import { createRollups, minuteOf } from './rollups.ts';
import { createSampleTable, ensureColumns, type StoredSample } from './samples.ts';

/** What is known of a session beside its time: all optional, as it is when nothing was recognised. */
export type SessionDetails = {
  readonly workload?: Workload;
  readonly marks?: Marks;
  /** the cards it was on, where that is known without its processes */
  readonly gpuUuids?: readonly string[];
};

export type StoredTick = { readonly gpuId: number; readonly uuid: string; readonly sampleId: number };

/** How far before a session the card's idle power is sought. */
const BASELINE_MS = 3_600_000;
const PRUNE_BATCH = 2000; // rows a call: a few milliseconds, so that sampling never waits

/** The history of all GPUs, in one SQLite file. All times are ms since 1970. */
export function createStore(db: Db) {
  ensureColumns(db);
  const samples = createSampleTable(db);
  const gpus = createGpuTable(db);
  const rollups = createRollups(db);
  const alerts = createAlertTable(db);
  const gaps = createGapTable(db);
  const sessions = createSessionTable(db);
  const processes = createProcessTable(db);
  const shares = createShareTable(db);
  const wear = createWearTable(db);
  const ids = new Map<string, number>();
  const seenMinute = new Map<string, number>();

  /** Row id of a GPU, writing down that it was seen, at most once a minute. */
  function idOf(gpu: Parameters<typeof gpus.seen>[0], tsMs: number): number {
    const minute = minuteOf(tsMs);
    const known = ids.get(gpu.uuid);
    if (known !== undefined && seenMinute.get(gpu.uuid) === minute) return known;
    const id = gpus.seen(gpu, tsMs);
    const previous = seenMinute.get(gpu.uuid);
    ids.set(gpu.uuid, id);
    seenMinute.set(gpu.uuid, minute);
    if (previous !== undefined) rollups.rollUp(id, previous);
    return id;
  }

  const findId = (uuid: string): number | undefined => gpus.list().find((gpu) => gpu.uuid === uuid)?.id;
  const samplesBetween = (gpuUuid: string, fromMs: number, toMs: number): Iterable<StoredSample> => {
    const id = findId(gpuUuid);
    return id === undefined ? [] : samples.between(id, fromMs, toMs);
  };
  const summarise = (gpuUuid: string, fromMs: number, toMs: number): GpuSummary =>
    summariseGpu(gpuUuid, samplesBetween(gpuUuid, fromMs, toMs));
  const summariseSession = (gpuUuid: string, id: number, fromMs: number, toMs: number, marks?: Marks): GpuSummary => {
    const gpu = gpus.list().find(({ uuid }) => uuid === gpuUuid);
    const idleW = idlePowerW(samplesBetween(gpuUuid, fromMs - BASELINE_MS, fromMs)); // read to its end before the next
    return summariseGpu(gpuUuid, samplesBetween(gpuUuid, fromMs, toMs), {
      shares: gpu ? shares.of(id, gpu.id) : [],
      ...(idleW !== undefined && { idleW }),
      windowMs: powerWindowMs(gpu?.name ?? ''),
      ...(marks && { marks }),
    });
  };
  const prune = db.prepare(
    `DELETE FROM sample WHERE id IN (SELECT id FROM sample WHERE ts_ms < ? LIMIT ${PRUNE_BATCH})`,
  );

  return {
    /** Rolls up what an earlier run left behind. Call once before the first append. */
    catchUp: (nowMs: number): void => gpus.list().forEach(({ id }) => rollups.catchUp(id, nowMs)),

    /** Writes one tick: durable against a killed process when this returns. */
    append: db.transaction((tick: Tick): StoredTick[] => {
      if (tick.gap) gaps.insert(tick.gap);
      return tick.gpus.map(({ gpu, frame, processes: running }) => {
        const gpuId = idOf(gpu, tick.tsMs);
        if (running) processes.seen(gpuId, tick.tsMs, running);
        return { gpuId, uuid: gpu.uuid, sampleId: samples.insert(gpuId, tick.tsMs, tick.dtMs, frame) };
      });
    }),

    appendGap: (gap: Gap): void => gaps.insert(gap),

    recordAlerts: db.transaction((gpuId: number, tsMs: number, changes: readonly AlertChange[]): void =>
      changes.forEach((change) => alerts.record(gpuId, tsMs, change)),
    ),

    /** A GPU of that UUID has never been seen: undefined. */
    range(query: RangeQuery): Range | undefined {
      const id = findId(query.gpuUuid);
      return id === undefined ? undefined : queryRange(db, id, query);
    },

    gaps: (fromMs: number, toMs: number): Gap[] => queryGaps(db, fromMs, toMs),

    samplesBetween,

    summarise,

    /**
     * Ends a session: sums up the GPUs on which one of its processes was seen, or all that were recorded meanwhile when
     * none was seen.
     */
    finishSession(
      session: { readonly id: number; readonly startedMs: number },
      endedMs: number,
      exitCode: number | null,
      pids: ReadonlySet<number>,
      { workload, marks, gpuUuids }: SessionDetails = {},
    ): { readonly summaries: readonly GpuSummary[]; readonly seenOn: readonly string[] } {
      const noted = sessions.byId(session.id); // while it went on
      const found = processes.gpusUsedBy(pids, session.startedMs, endedMs);
      const seenOn = gpuUuids ?? (found.length > 0 ? found : (noted?.gpus ?? []));
      const uuids = seenOn.length > 0 ? seenOn : gpus.list().map(({ uuid }) => uuid);
      const summaries = uuids
        .map((uuid) => summariseSession(uuid, session.id, session.startedMs, endedMs, marks))
        .filter(({ observedMs }) => observedMs > 0);
      const known = workload ?? noted?.summary?.workload;
      sessions.finish(session.id, endedMs, exitCode, seenOn, {
        gpus: summaries,
        ...(known && { workload: known }),
      });
      return { summaries, seenOn };
    },

    /** Deletes samples older than a moment, a few at a time. Returns true while there are more. */
    prune: (beforeMs: number): boolean => prune.run(Math.round(beforeMs)).changes === PRUNE_BATCH,

    /** First moment of the history, and the one after its last. */
    extent(): { fromMs: number; toMs: number } | undefined {
      const stamps = samples.extent();
      return stamps && { fromMs: stamps.fromMs, toMs: stamps.toMs + 1 };
    },

    samplesAfter: samples.after,
    gpus,
    alerts,
    sessions,
    shares,
    wear,
    close: (): void => {
      db.close();
    },
  };
}

export type Store = ReturnType<typeof createStore>;
