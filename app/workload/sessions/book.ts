import type { Db } from '../../history/db.ts';
import type { History } from '../../history/history.ts';
import type { Marks } from '../adapters/outputs.ts';
import { powerWindowMs } from '../energy/energy.ts';
import type { ShareSpan } from '../energy/shares.ts';
import type { Ends } from '../energy/span.ts';
import { idleModels, MINUTE_MS, type CardMinutes } from './idle-models.ts';
import type { ProcessTable } from './processes.ts';
import { createProgress, type RunningSession } from './progress.ts';
import type { GpuSummary, IdleModel, Workload } from './schema.ts';
import { createShareTable } from './shared-cards.ts';
import { EDGE_MS, idlePowerW, summariseGpu, type SummaryOptions } from './summary.ts';
import { createSessionTable } from './table.ts';

/** What is known about a session besides its time. All of it is absent when nothing was recognised. */
export type SessionDetails = {
  readonly workload?: Workload;
  readonly marks?: Marks;
  /** the cards it used, where these are known without its processes */
  readonly gpuUuids?: readonly string[];
  /** its beginning and end were detected: between which moments they are */
  readonly uncertain?: Omit<Ends, 'fromMs' | 'toMs'>;
};

/** The card's idle power is taken from this long before a session. */
const BASELINE_MS = 3_600_000;

/** Sessions: their table, their shares of cards, the progress of running ones, and their summary at the end. */
export function createSessionBook(
  db: Db,
  { samplesBetween, gpus, idOf, range }: Pick<History, 'samplesBetween' | 'gpus' | 'idOf' | 'range'>,
  processes: ProcessTable,
) {
  const sessions = createSessionTable(db);
  const shares = createShareTable(db);

  const sharesOf = (gpuUuid: string, id: number, sinceMs?: number): readonly ShareSpan[] => {
    const gpuId = idOf(gpuUuid);
    return gpuId === undefined ? [] : shares.of(id, gpuId, sinceMs);
  };
  const windowMsOf = (gpuUuid: string): number =>
    powerWindowMs(gpus.list().find(({ uuid }) => uuid === gpuUuid)?.name ?? '');
  const progress = createProgress({ read: samplesBetween, sharesSince: sharesOf, windowMs: windowMsOf });

  const optionsOf = (gpuUuid: string, startedMs: number): SummaryOptions => {
    const idleW = idlePowerW(samplesBetween(gpuUuid, startedMs - BASELINE_MS, startedMs));
    return { ...(idleW !== undefined && { idleW }), windowMs: windowMsOf(gpuUuid) };
  };
  function summariseSession(
    gpuUuid: string,
    id: number,
    fromMs: number,
    toMs: number,
    { marks, uncertain }: SessionDetails,
  ): GpuSummary {
    // the baseline is read to its end first: one reader at a time
    const options = { ...optionsOf(gpuUuid, fromMs), shares: sharesOf(gpuUuid, id), ...(marks && { marks }) };
    const samples = samplesBetween(gpuUuid, fromMs - EDGE_MS, toMs + EDGE_MS);
    return summariseGpu(gpuUuid, samples, { ...options, ends: { fromMs, toMs, ...uncertain } });
  }

  return {
    sessions,
    shares,
    /** what running sessions have used so far */
    progress,

    /** What models cost that stayed loaded without work between two moments. */
    idleModels(sinceMs: number, untilMs: number): IdleModel[] {
      const fromMs = Math.floor(sinceMs / MINUTE_MS) * MINUTE_MS;
      const toMs = Math.ceil(untilMs / MINUTE_MS) * MINUTE_MS;
      const stays = processes.between(fromMs, toMs);
      if (stays.length === 0 || toMs <= fromMs) return [];
      const buckets = (toMs - fromMs) / MINUTE_MS;
      const cards = gpus.list().flatMap(({ uuid: gpuUuid }): CardMinutes[] => {
        const minutes = range({ gpuUuid, metrics: ['powerW', 'gpuUtilPct'], fromMs, toMs, buckets });
        const { powerW, gpuUtilPct } = minutes?.series ?? {};
        return powerW && gpuUtilPct
          ? [{ gpuUuid, fromMs: minutes!.fromMs, powerW: powerW.mean, utilPct: gpuUtilPct.mean }]
          : [];
      });
      return idleModels(cards, stays, sessions.between(fromMs, toMs));
    },

    /** Writes what a running session has used so far, on the cards noted before and those it was seen on. */
    noteProgress(session: RunningSession, seenOn: readonly string[], untilMs: number): void {
      const before = sessions.byId(session.id);
      const uuids = [...new Set([...(before?.gpus ?? []), ...seenOn])];
      const summaries = progress.of(session, uuids, untilMs);
      if (summaries.length > 0) sessions.note(session.id, uuids, { ...before?.summary, gpus: summaries });
    },

    /**
     * Ends a session. Sums up the GPUs on which its processes were seen; if they were seen on none, all GPUs that were
     * recorded during it.
     */
    finishSession(
      session: RunningSession,
      endedMs: number,
      exitCode: number | null,
      pids: ReadonlySet<number>,
      details: SessionDetails = {},
    ): { readonly summaries: readonly GpuSummary[]; readonly seenOn: readonly string[] } {
      const { workload, gpuUuids } = details;
      const noted = sessions.byId(session.id);
      const found = processes.cardsOf(pids, session.startedMs, endedMs);
      const seenOn = gpuUuids ?? (found.gpuUuids.length > 0 ? found.gpuUuids : (noted?.gpus ?? []));
      const uuids = seenOn.length > 0 ? seenOn : gpus.list().map(({ uuid }) => uuid);
      const summaries = uuids
        .map((uuid) => summariseSession(uuid, session.id, session.startedMs, endedMs, details))
        .filter(({ observedMs }) => observedMs > 0);
      const known = workload ?? noted?.summary?.workload;
      sessions.finish(session.id, endedMs, exitCode, seenOn, {
        gpus: summaries,
        ...(known && { workload: known }),
        ...(found.pids.length > 0 && { pids: found.pids }),
      });
      return { summaries, seenOn };
    },
  };
}

export type SessionBook = ReturnType<typeof createSessionBook>;
