import { createSummary, type SessionSample } from './summary.ts';
import type { GpuSummary } from './schema.ts';
import type { ShareSpan } from '../energy/shares.ts';

export type Going = { readonly id: number; readonly startedMs: number };

/** What is known of a session and a card beside its samples. */
export type ProgressSources = {
  /** samples of a GPU from one moment to before another */
  readonly read: (gpuUuid: string, fromMs: number, toMs: number) => Iterable<SessionSample>;
  /** who else was on it since a moment */
  readonly sharesSince: (gpuUuid: string, id: number, sinceMs: number) => readonly ShareSpan[];
  /** how long one power reading of it averages over */
  readonly windowMs: (gpuUuid: string) => number;
};

type Reading = ReturnType<typeof createSummary> & {
  /** what comes from here on is not added yet */
  readMs: number;
  /** the last sample that was added */
  lastMs: number;
  shares: readonly ShareSpan[];
};

/** A session that was found late is caught up with over several looks, so that the recorder is not held up. */
const PIECE_MS = 10 * 60_000;
const BUDGET_MS = 10;
/** A clock that was set back by more than this begins the sum anew. */
const SET_BACK_MS = 60_000;

/**
 * What sessions that go on have come to so far. Each look reads on from where the one before stopped. What the card draws
 * when it idles is told when a session has ended: it takes an hour of samples to know.
 */
export function createProgress({ read, sharesSince, windowMs }: ProgressSources, budgetMs = BUDGET_MS) {
  const known = new Map<number, { readonly gpus: Map<string, Reading>; figures: readonly GpuSummary[] }>();

  function begin(gpuUuid: string, startedMs: number): Reading {
    const reading: Reading = {
      readMs: startedMs,
      lastMs: startedMs,
      shares: [],
      ...createSummary(gpuUuid, () => reading.shares, { windowMs: windowMs(gpuUuid) }),
    };
    return reading;
  }
  function readTo(reading: Reading, gpuUuid: string, toMs: number): void {
    for (const sample of read(gpuUuid, reading.readMs, toMs)) {
      reading.add(sample);
      reading.lastMs = sample.tsMs;
      reading.readMs = sample.tsMs + 1; // should the next not be readable, this one is not read twice
    }
    reading.readMs = toMs;
  }

  return {
    /** A look. While there is more to read than one takes: what was there before, at first nothing. */
    of({ id, startedMs }: Going, gpuUuids: readonly string[], untilMs: number): readonly GpuSummary[] {
      const session = known.get(id) ?? { gpus: new Map<string, Reading>(), figures: [] };
      known.set(id, session);
      const { gpus } = session;
      const enough = performance.now() + budgetMs;
      for (const uuid of gpuUuids) {
        const before = gpus.get(uuid);
        const reading = before && before.readMs <= untilMs + SET_BACK_MS ? before : begin(uuid, startedMs);
        gpus.set(uuid, reading);
        reading.shares = sharesSince(uuid, id, reading.lastMs);
        while (reading.readMs < untilMs) {
          readTo(reading, uuid, Math.min(untilMs, reading.readMs + PIECE_MS));
          if (performance.now() >= enough) break;
        }
      }
      const behind = gpuUuids.some((uuid) => gpus.get(uuid)!.readMs < untilMs);
      if (!behind) session.figures = gpuUuids.map((uuid) => gpus.get(uuid)!.result());
      return session.figures;
    },
    /** Forgets all but these. */
    keep(ids: ReadonlySet<number>): void {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    },
  };
}
