import { createSummary, type GpuSummary, type SessionSample, type SummaryOptions } from '../workload/session.ts';
import type { ShareSpan } from '../workload/shares.ts';

export type Going = { readonly id: number; readonly startedMs: number };

/** What is known of a session and a card beside its samples. */
export type ProgressSources = {
  /** samples of a GPU from one moment to before another */
  readonly read: (gpuUuid: string, fromMs: number, toMs: number) => Iterable<SessionSample>;
  readonly sharesOf: (gpuUuid: string, id: number) => readonly ShareSpan[];
  readonly optionsOf: (gpuUuid: string, startedMs: number) => SummaryOptions;
};

type Reading = ReturnType<typeof createSummary> & { readMs: number; shares: readonly ShareSpan[] };

/** A session that was found late is caught up with over several looks, so that the recorder is not held up. */
const PIECE_MS = 10 * 60_000;
const BUDGET_MS = 10;

/** What sessions that go on have come to so far. Each look reads on from where the one before stopped. */
export function createProgress({ read, sharesOf, optionsOf }: ProgressSources) {
  const known = new Map<number, Map<string, Reading>>();

  function begin(gpuUuid: string, startedMs: number): Reading {
    const reading: Reading = {
      readMs: startedMs,
      shares: [],
      ...createSummary(gpuUuid, () => reading.shares, optionsOf(gpuUuid, startedMs)),
    };
    return reading;
  }

  return {
    /** Undefined while there is more to read than one look takes. */
    of({ id, startedMs }: Going, gpuUuids: readonly string[], untilMs: number): readonly GpuSummary[] | undefined {
      const gpus = known.get(id) ?? new Map<string, Reading>();
      known.set(id, gpus);
      const enough = performance.now() + BUDGET_MS;
      let there = true;
      for (const uuid of gpuUuids) {
        const reading = gpus.get(uuid) ?? begin(uuid, startedMs);
        gpus.set(uuid, reading);
        reading.shares = sharesOf(uuid, id);
        do {
          const toMs = Math.min(untilMs, reading.readMs + PIECE_MS);
          if (toMs <= reading.readMs) break;
          for (const sample of read(uuid, reading.readMs, toMs)) reading.add(sample);
          reading.readMs = toMs;
        } while (performance.now() < enough);
        if (reading.readMs < untilMs) there = false;
      }
      return there ? gpuUuids.map((uuid) => gpus.get(uuid)!.result()) : undefined;
    },
    /** Forgets all but these. */
    keep(ids: ReadonlySet<number>): void {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    },
  };
}
