import type { ShareSpan } from '../energy/shares.ts';
import type { GpuSummary } from './schema.ts';
import { createSummary, EDGE_MS, type SessionSample } from './summary.ts';

export type RunningSession = { readonly id: number; readonly startedMs: number };

/** Where the data of a session on a card comes from. */
export type ProgressSources = {
  /** samples of a GPU from one moment to before another */
  readonly read: (gpuUuid: string, fromMs: number, toMs: number) => Iterable<SessionSample>;
  /** the session's shares of it since a moment */
  readonly sharesSince: (gpuUuid: string, id: number, sinceMs: number) => readonly ShareSpan[];
  /** ms over which one power reading of it averages */
  readonly windowMs: (gpuUuid: string) => number;
};

type RunningSum = ReturnType<typeof createSummary> & {
  /** samples before this are summed */
  readMs: number;
  /** the last sample that was summed */
  lastMs: number;
  shares: readonly ShareSpan[];
};

/** A session that was detected late is read in pieces over several ticks, so that the recorder is not delayed. */
const PIECE_MS = 10 * 60_000;
const BUDGET_MS = 10;
/** If the clock was set back by more than this, the sum starts over. */
const SET_BACK_MS = 60_000;

/**
 * What running sessions have used so far. Each call reads on from where the last one stopped. Idle power is known only
 * at the end of a session, because it needs an hour of samples.
 */
export function createProgress({ read, sharesSince, windowMs }: ProgressSources, budgetMs = BUDGET_MS) {
  const sessions = new Map<number, { readonly sums: Map<string, RunningSum>; summaries: readonly GpuSummary[] }>();

  function begin(gpuUuid: string, startedMs: number): RunningSum {
    const ends = { fromMs: startedMs, toMs: Infinity };
    const sum: RunningSum = {
      readMs: startedMs - EDGE_MS,
      lastMs: startedMs,
      shares: [],
      ...createSummary(gpuUuid, () => sum.shares, { windowMs: windowMs(gpuUuid), ends }),
    };
    return sum;
  }
  function readTo(sum: RunningSum, gpuUuid: string, toMs: number): void {
    for (const sample of read(gpuUuid, sum.readMs, toMs)) {
      sum.add(sample);
      sum.lastMs = Math.max(sum.lastMs, sample.tsMs);
      sum.readMs = sample.tsMs + 1; // if the next cannot be read, this one is not read twice
    }
    sum.readMs = toMs;
  }

  return {
    /** Summaries up to `untilMs`. While there is more to read than fits into one call: the summaries of the last call. */
    of({ id, startedMs }: RunningSession, gpuUuids: readonly string[], untilMs: number): readonly GpuSummary[] {
      const session = sessions.get(id) ?? { sums: new Map<string, RunningSum>(), summaries: [] };
      sessions.set(id, session);
      const { sums } = session;
      const deadline = performance.now() + budgetMs;
      for (const uuid of gpuUuids) {
        const before = sums.get(uuid);
        const sum = before && before.readMs <= untilMs + SET_BACK_MS ? before : begin(uuid, startedMs);
        sums.set(uuid, sum);
        sum.shares = sharesSince(uuid, id, sum.lastMs);
        while (sum.readMs < untilMs) {
          readTo(sum, uuid, Math.min(untilMs, Math.max(startedMs, sum.readMs) + PIECE_MS));
          if (performance.now() >= deadline) break;
        }
      }
      const complete = gpuUuids.every((uuid) => sums.get(uuid)!.readMs >= untilMs);
      if (complete) session.summaries = gpuUuids.map((uuid) => sums.get(uuid)!.result(untilMs - 1));
      return session.summaries;
    },
    /** Forgets all other sessions. */
    keep(ids: ReadonlySet<number>): void {
      for (const id of sessions.keys()) if (!ids.has(id)) sessions.delete(id);
    },
  };
}
