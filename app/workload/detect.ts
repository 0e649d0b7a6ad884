import type { Match } from './match.ts';

/** A program on the cards at one moment, or a load on a card whose processes nobody tells. */
export type Program = {
  /** the same for as long as it is the same program */
  readonly key: string;
  readonly match: Match | undefined;
  /** for people: the program, or the name of its process */
  readonly name: string;
  readonly pids: readonly number[];
  readonly gpuUuids: readonly string[];
  /** does the card work for it, as far as the driver tells */
  readonly loads: boolean;
  /** jobs in work by the program's own account; undefined: not told */
  readonly running?: number;
};

export type Found = { readonly program: Program; readonly startedMs: number };
export type Ended = { readonly key: string; readonly endedMs: number };
export type Detection = {
  /** a session that has gone on long enough to be one: it began at startedMs */
  readonly began: readonly Found[];
  readonly ended: readonly Ended[];
};

/** Shorter work is a click in a menu, not a session. */
export const BEGIN_AFTER_MS = 5_000;
/** A person looks at an image and asks for the next: still one session. */
export const END_AFTER_MS = 90_000;
/** A program that has ended asks for nothing more. Longer than the time between two lists of processes. */
export const GONE_AFTER_MS = 12_000;

type State = { firstMs: number; lastMs: number; hereMs: number; busyMs: number; begun: boolean };

/** Finds the sessions in what programs do: a pure state machine over ticks. */
export function createDetector() {
  const states = new Map<string, State>();
  let lastTickMs: number | undefined;

  return {
    /**
     * @param programs all that hold a card, those that rest among them
     * @param complete whether one that is not among them has ended; false: not every card tells at this moment
     */
    feed(tsMs: number, programs: readonly Program[], complete = true): Detection {
      const dtMs = lastTickMs === undefined ? 0 : Math.max(0, Math.min(tsMs - lastTickMs, BEGIN_AFTER_MS));
      lastTickMs = tsMs;
      const began: Found[] = [];
      const ended: Ended[] = [];
      for (const state of complete ? [] : states.values()) state.hereMs = tsMs;
      for (const program of programs) {
        const before = states.get(program.key);
        if (before) before.hereMs = tsMs;
        if (!program.loads && !program.running) continue;
        const state = before ?? { firstMs: tsMs, lastMs: tsMs, hereMs: tsMs, busyMs: 0, begun: false };
        states.set(program.key, state);
        state.busyMs += state.lastMs === tsMs ? 0 : dtMs;
        state.lastMs = tsMs;
        if (state.begun || state.busyMs < BEGIN_AFTER_MS) continue;
        state.begun = true;
        began.push({ program, startedMs: state.firstMs });
      }
      for (const [key, state] of states) {
        const gone = tsMs - state.hereMs >= GONE_AFTER_MS;
        if (!gone && tsMs - state.lastMs < (state.begun ? END_AFTER_MS : BEGIN_AFTER_MS)) continue;
        if (state.begun) ended.push({ key, endedMs: state.lastMs });
        states.delete(key);
      }
      return { began, ended };
    },
    /** Ends everything that is under way, at its last sign of work. */
    finish(): readonly Ended[] {
      const ended = [...states].filter(([, { begun }]) => begun).map(([key, { lastMs }]) => ({ key, endedMs: lastMs }));
      states.clear();
      return ended;
    },
  };
}
