import type { Program } from '../programs/programs.ts';
import type { Ends } from '../energy/span.ts';

/** When a session began and, as far as that is known, when it ended. */
export type Began = Pick<Ends, 'fromMs'> & { readonly beganByMs: number };
export type Ended = { readonly key: string; readonly toMs: number } & Required<
  Pick<Ends, 'endedAfterMs' | 'endedByMs'>
>;
export type Found = Began & { readonly program: Program };
export type Detection = {
  /** programs that have worked long enough to be a session */
  readonly began: readonly Found[];
  readonly ended: readonly Ended[];
};

/** What one tick says about a program beside its list of processes, which may be some seconds old. */
export type Sign = {
  /** it works at this very tick: its card does, or the tick brought a list of processes */
  readonly now: boolean;
  /** the card's load began between these moments, and no other program caused it; undefined: not known */
  readonly loadBegan: Began | undefined;
};

/** Shorter work is not a session: a click in a menu, for example. */
export const BEGIN_AFTER_MS = 5_000;
/** A user who looks at an image and then generates the next is still in one session. */
export const END_AFTER_MS = 90_000;
/** Utilisation is a mean over up to a second (nvml.h): work may have ended that long before its last sign. */
export const SIGN_MS = 1_000;
/** Nothing is known about the time before a longer pause between two ticks: a session does not reach into it. */
const LONGEST_TICK_MS = 10_000;

type State = Began & {
  /** last tick at which it was thought to work */
  lastMs: number;
  /** last sign of work, and the ticks around it */
  signMs: number;
  beforeSignMs: number;
  afterSignMs: number | undefined;
  busyMs: number;
  begun: boolean;
};

const endOf = (key: string, { fromMs, signMs, beforeSignMs, afterSignMs = signMs }: State): Ended => ({
  key,
  toMs: signMs,
  endedAfterMs: Math.max(fromMs, Math.min(beforeSignMs, signMs - SIGN_MS)),
  endedByMs: afterSignMs,
});

const here = (): Sign => ({ now: true, loadBegan: undefined });

/** Detects sessions from the work of programs: a pure state machine over ticks. */
export function createDetector() {
  const states = new Map<string, State>();
  let lastTickMs: number | undefined;

  /** A session begins with the tick in which work began, which is the one that ends with its first sign. */
  function begin(tsMs: number, previousMs: number, { loadBegan }: Sign): State {
    const began = loadBegan ?? { fromMs: previousMs, beganByMs: tsMs };
    return {
      ...began,
      lastMs: tsMs,
      signMs: tsMs,
      beforeSignMs: previousMs,
      afterSignMs: undefined,
      busyMs: 0,
      begun: false,
    };
  }

  return {
    feed(tsMs: number, programs: readonly Program[], signOf: (program: Program) => Sign = here): Detection {
      const sinceMs = lastTickMs === undefined ? 0 : Math.max(0, tsMs - lastTickMs);
      const dtMs = Math.min(sinceMs, BEGIN_AFTER_MS);
      const previousMs = sinceMs > LONGEST_TICK_MS ? tsMs : tsMs - sinceMs;
      lastTickMs = tsMs;
      const began: Found[] = [];
      const ended: Ended[] = [];
      for (const state of states.values()) state.afterSignMs ??= tsMs;
      for (const program of programs) {
        if (!program.loads && !program.running) continue;
        const sign = signOf(program);
        const known = states.get(program.key);
        const state = known ?? begin(tsMs, previousMs, sign);
        states.set(program.key, state);
        state.busyMs += known && state.lastMs !== tsMs ? dtMs : 0;
        state.lastMs = tsMs;
        if (sign.now) Object.assign(state, { signMs: tsMs, beforeSignMs: previousMs, afterSignMs: undefined });
        if (state.begun || state.busyMs < BEGIN_AFTER_MS) continue;
        state.begun = true;
        began.push({ program, fromMs: state.fromMs, beganByMs: state.beganByMs });
      }
      for (const [key, state] of states) {
        const quietMs = tsMs - state.lastMs;
        if (quietMs < (state.begun ? END_AFTER_MS : BEGIN_AFTER_MS)) continue;
        if (state.begun) ended.push(endOf(key, state));
        states.delete(key);
      }
      return { began, ended };
    },
    /** The program has ended. Its session, if any, ends at its last sign of work. */
    leave(key: string): Ended | undefined {
      const state = states.get(key);
      states.delete(key);
      return state?.begun ? endOf(key, state) : undefined;
    },
    /** Ends all sessions, each at its last sign of work. */
    finish(): readonly Ended[] {
      const ended = [...states].filter(([, { begun }]) => begun).map(([key, state]) => endOf(key, state));
      states.clear();
      return ended;
    },
  };
}
