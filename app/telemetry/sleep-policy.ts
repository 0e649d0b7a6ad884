/** What is known of a GPU at one moment. */
export type SleepSign = {
  readonly busId: string;
  readonly asleep: boolean;
  /** the system may power it down; one that it may not is simply kept open */
  readonly managed: boolean;
  /** nothing ran on it and nobody held it at its last reading; undefined when it was not read */
  readonly idle: boolean | undefined;
};

/** awake: read; released: let go, so that it can fall asleep; asleep: powered down, not touched */
export type SleepState = 'awake' | 'released' | 'asleep';

export type SleepPolicy = {
  /** Takes the signs of all GPUs and says for each what to do with it now. */
  readonly judge: (signs: readonly SleepSign[], nowMs: number) => ReadonlyMap<string, SleepState>;
};

const GRACE_MS = 60_000;
/** The driver powers down a few seconds after its last user left; one that stays up has another user. */
const FALL_ASLEEP_MS = 30_000;
const TRY_AGAIN_MS = 10 * 60_000;

type Known = { state: SleepState; idleSinceMs: number | undefined; releasedMs: number; notBeforeMs: number };

/**
 * Decides when a GPU is left alone, so that watching it never keeps it awake: one that sleeps is not touched, one that
 * has been idle for a minute is let go, and read again once somebody else has woken it. When it does not fall asleep
 * although nothing is read, somebody else holds it: then reading does no harm, and letting go is tried again later.
 */
export function createSleepPolicy(graceMs = GRACE_MS): SleepPolicy {
  const known = new Map<string, Known>();

  function next(gpu: Known, { asleep, managed, idle }: SleepSign, nowMs: number): SleepState {
    if (asleep) return 'asleep';
    if (gpu.state === 'asleep' || !managed) return 'awake'; // somebody woke it, or it cannot sleep
    if (gpu.state === 'released') {
      if (nowMs - gpu.releasedMs < FALL_ASLEEP_MS) return 'released';
      gpu.notBeforeMs = nowMs + TRY_AGAIN_MS;
      return 'awake';
    }
    if (idle === true) gpu.idleSinceMs ??= nowMs;
    else if (idle === false) gpu.idleSinceMs = undefined;
    const idleMs = gpu.idleSinceMs === undefined ? 0 : nowMs - gpu.idleSinceMs;
    return idleMs >= graceMs && nowMs >= gpu.notBeforeMs ? 'released' : 'awake';
  }

  return {
    judge(signs, nowMs) {
      const states = new Map<string, SleepState>();
      for (const sign of signs) {
        let gpu = known.get(sign.busId);
        if (!gpu) {
          gpu = { state: 'awake', idleSinceMs: undefined, releasedMs: 0, notBeforeMs: -Infinity };
          known.set(sign.busId, gpu);
        }
        const state = next(gpu, sign, nowMs);
        if (state !== gpu.state) {
          gpu.idleSinceMs = undefined;
          if (state === 'released') gpu.releasedMs = nowMs;
        }
        gpu.state = state;
        states.set(sign.busId, state);
      }
      return states;
    },
  };
}
