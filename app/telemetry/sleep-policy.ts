/** The state of a GPU at one moment. */
export type SleepSign = {
  readonly busId: string;
  readonly asleep: boolean;
  /** the system may power it down; any other GPU is kept open */
  readonly managed: boolean;
  /** no load and no process at its last reading; undefined if it was not read */
  readonly idle: boolean | undefined;
};

/** awake: read; released: closed, so that it can fall asleep; asleep: powered down, not touched */
export type SleepState = 'awake' | 'released' | 'asleep';

export type SleepPolicy = {
  /** Decides for each GPU what to do with it now. */
  readonly judge: (signs: readonly SleepSign[], nowMs: number) => ReadonlyMap<string, SleepState>;
};

const GRACE_MS = 60_000;
/** The driver powers a GPU down a few seconds after its last user closed it; if it stays up, it has another user. */
const FALL_ASLEEP_MS = 30_000;
const TRY_AGAIN_MS = 10 * 60_000;

type Remembered = { state: SleepState; idleSinceMs: number | undefined; releasedMs: number; notBeforeMs: number };

/**
 * Decides when a GPU is not read, so that monitoring never keeps it awake. A sleeping GPU is not touched. A GPU that has
 * been idle for a minute is released, and read again after another program has woken it. If it does not fall asleep after
 * release, another program holds it: reading does no harm then, and release is tried again later.
 */
export function createSleepPolicy(graceMs = GRACE_MS): SleepPolicy {
  const gpus = new Map<string, Remembered>();

  function next(gpu: Remembered, { asleep, managed, idle }: SleepSign, nowMs: number): SleepState {
    if (asleep) return 'asleep';
    if (idle === true) gpu.idleSinceMs ??= nowMs;
    else if (idle === false) gpu.idleSinceMs = undefined;
    if (gpu.state === 'asleep' || !managed) return 'awake'; // another program woke it, or it cannot sleep
    if (gpu.state === 'released') {
      if (nowMs - gpu.releasedMs < FALL_ASLEEP_MS) return 'released';
      gpu.notBeforeMs = nowMs + TRY_AGAIN_MS;
      return 'awake';
    }
    const idleMs = gpu.idleSinceMs === undefined ? 0 : nowMs - gpu.idleSinceMs;
    return idleMs >= graceMs && nowMs >= gpu.notBeforeMs ? 'released' : 'awake';
  }

  return {
    judge(signs, nowMs) {
      const states = new Map<string, SleepState>();
      for (const sign of signs) {
        let gpu = gpus.get(sign.busId);
        if (!gpu) {
          gpu = { state: 'awake', idleSinceMs: undefined, releasedMs: 0, notBeforeMs: -Infinity };
          gpus.set(sign.busId, gpu);
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
