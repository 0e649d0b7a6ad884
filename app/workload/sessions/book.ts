import type { History } from '../../history/history.ts';
import type { Db } from '../../history/db.ts';
import type { ShareSpan } from '../energy/shares.ts';
import { powerWindowMs } from '../energy/energy.ts';
import type { Marks } from '../adapters/outputs.ts';
import type { ProcessTable } from './processes.ts';
import { createProgress } from './progress.ts';
import { createShareTable } from './shared-cards.ts';
import { idlePowerW, summariseGpu, type SummaryOptions } from './summary.ts';
import type { GpuSummary, Workload } from './schema.ts';
import { createSessionTable } from './table.ts';

/** What is known of a session besides its time: all optional, as it is when nothing was recognised. */
export type SessionDetails = {
  readonly workload?: Workload;
  readonly marks?: Marks;
  /** the cards it was on, where that is known without its processes */
  readonly gpuUuids?: readonly string[];
};

/** How far before a session the card's idle power is sought. */
const BASELINE_MS = 3_600_000;

/** Sessions: their table, who shared a card with whom, what running ones have used so far, and how one ends. */
export function createSessionBook(
  db: Db,
  { samplesBetween, gpus, idOf }: Pick<History, 'samplesBetween' | 'gpus' | 'idOf'>,
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
  const optionsOf = (gpuUuid: string, startedMs: number): SummaryOptions => {
    const idleW = idlePowerW(samplesBetween(gpuUuid, startedMs - BASELINE_MS, startedMs)); // read to its end before the next
    return { ...(idleW !== undefined && { idleW }), windowMs: windowMsOf(gpuUuid) };
  };
  const summariseSession = (gpuUuid: string, id: number, fromMs: number, toMs: number, marks?: Marks): GpuSummary => {
    const options = { ...optionsOf(gpuUuid, fromMs), shares: sharesOf(gpuUuid, id), ...(marks && { marks }) };
    return summariseGpu(gpuUuid, samplesBetween(gpuUuid, fromMs, toMs), options);
  };

  return {
    sessions,
    shares,
    /** what running sessions have used so far */
    progress: createProgress({ read: samplesBetween, sharesSince: sharesOf, windowMs: windowMsOf }),

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
      const noted = sessions.byId(session.id); // while it was running
      const found = processes.gpusUsedBy(pids, session.startedMs, endedMs);
      const seenOn = gpuUuids ?? (found.length > 0 ? found : (noted?.gpus ?? []));
      const uuids = seenOn.length > 0 ? seenOn : gpus.list().map(({ uuid }) => uuid);
      const summaries = uuids
        .map((uuid) => summariseSession(uuid, session.id, session.startedMs, endedMs, marks))
        .filter(({ observedMs }) => observedMs > 0);
      const known = workload ?? noted?.summary?.workload;
      sessions.finish(session.id, endedMs, exitCode, seenOn, { gpus: summaries, ...(known && { workload: known }) });
      return { summaries, seenOn };
    },
  };
}

export type SessionBook = ReturnType<typeof createSessionBook>;
