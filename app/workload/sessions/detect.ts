import type { Program } from '../programs/programs.ts';

export type Found = { readonly program: Program; readonly startedMs: number };
export type Ended = { readonly key: string; readonly endedMs: number };
export type Detection = {
  /** programs that have worked long enough to be a session, which began at `startedMs` */
  readonly began: readonly Found[];
  readonly ended: readonly Ended[];
};

/** Shorter work is not a session: a click in a menu, for example. */
export const BEGIN_AFTER_MS = 5_000;
/** A user who looks at an image and then generates the next is still in one session. */
export const END_AFTER_MS = 90_000;

type State = { firstMs: number; lastMs: number; busyMs: number; begun: boolean };

/** Detects sessions from the work of programs: a pure state machine over ticks. */
export function createDetector() {
  const states = new Map<string, State>();
  let lastTickMs: number | undefined;

  return {
    feed(tsMs: number, programs: readonly Program[]): Detection {
      const dtMs = lastTickMs === undefined ? 0 : Math.max(0, Math.min(tsMs - lastTickMs, BEGIN_AFTER_MS));
      lastTickMs = tsMs;
      const began: Found[] = [];
      const ended: Ended[] = [];
      for (const program of programs) {
        if (!program.loads && !program.running) continue;
        const state = states.get(program.key) ?? { firstMs: tsMs, lastMs: tsMs, busyMs: 0, begun: false };
        states.set(program.key, state);
        state.busyMs += state.lastMs === tsMs ? 0 : dtMs;
        state.lastMs = tsMs;
        if (state.begun || state.busyMs < BEGIN_AFTER_MS) continue;
        state.begun = true;
        began.push({ program, startedMs: state.firstMs });
      }
      for (const [key, state] of states) {
        const quietMs = tsMs - state.lastMs;
        if (quietMs < (state.begun ? END_AFTER_MS : BEGIN_AFTER_MS)) continue;
        if (state.begun) ended.push({ key, endedMs: state.lastMs });
        states.delete(key);
      }
      return { began, ended };
    },
    /** The program has ended. Its session, if any, ends at its last sign of work. */
    leave(key: string): Ended | undefined {
      const state = states.get(key);
      states.delete(key);
      return state?.begun ? { key, endedMs: state.lastMs } : undefined;
    },
    /** Ends all sessions, each at its last sign of work. */
    finish(): readonly Ended[] {
      const ended = [...states].filter(([, { begun }]) => begun).map(([key, { lastMs }]) => ({ key, endedMs: lastMs }));
      states.clear();
      return ended;
    },
  };
}
