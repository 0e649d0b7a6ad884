/**
 * The fixed schedule of the stress test, the same for every card: idle, ramp, soak until the temperature is steady,
 * cool-down. Hard stops end it at any moment.
 */
export const stressTestShapes = ['diffusion', 'autoregressive'] as const;
export type StressTestShape = (typeof stressTestShapes)[number];

export const stressTestPhases = ['idle', 'ramp', 'soak', 'cool-down', 'ended'] as const;
export type StressTestPhase = (typeof stressTestPhases)[number];
export const stressTestEndings = ['complete', 'aborted', 'too-hot', 'time', 'telemetry-lost', 'failed'] as const;
export type StressTestEnding = (typeof stressTestEndings)[number];

export type StressTestPlan = {
  readonly idleMs: number;
  readonly rampMs: number;
  /** soak lasts at least and at most this long */
  readonly soakMs: readonly [number, number];
  readonly coolMs: number;
  /** hard stops */
  readonly maxTempC: number;
  readonly maxMs: number;
};

export const standardPlan: StressTestPlan = {
  idleMs: 30_000,
  rampMs: 30_000,
  soakMs: [180_000, 1_200_000],
  coolMs: 120_000,
  maxTempC: 88,
  maxMs: 1_800_000,
};

/** A card has warmed through when it gains less than this over a minute (docs/wear-model.md: steady). */
const STEADY_K_PER_MIN = 1;
const MINUTE_MS = 60_000;
const BLIND_MS = 10_000;

export type StressTestStep = {
  readonly phase: StressTestPhase;
  readonly load: number;
  readonly ending?: StressTestEnding;
};

/** @param onCard a card does the work, so its temperature must be read; false on the software adapter */
export function createSchedule(plan: StressTestPlan, onCard = true) {
  let phase: StressTestPhase = 'idle';
  let phaseMs = 0;
  let lastSeenMs: number | undefined;
  let ending: StressTestEnding | undefined;
  const minute: { tMs: number; tempC: number }[] = [];

  const end = (why: StressTestEnding): void => {
    phase = 'ended';
    ending ??= why;
  };
  const enter = (next: StressTestPhase, tMs: number): void => {
    phase = next;
    phaseMs = tMs;
  };
  function steady(tMs: number): boolean {
    const first = minute[0];
    return (
      first !== undefined && tMs - first.tMs >= MINUTE_MS * 0.9 && minute.at(-1)!.tempC - first.tempC < STEADY_K_PER_MIN
    );
  }

  return {
    /**
     * @param tMs since the start of the stress test
     * @param tempC of the card, read since the step before; undefined: not read
     * @param hottestC of all cards: the card that does the work may not be the chosen one
     */
    step(tMs: number, tempC: number | undefined, hottestC = tempC): StressTestStep {
      if (phase === 'ended') return { phase, load: 0, ending: ending! };
      if (tempC !== undefined) {
        lastSeenMs = tMs;
        minute.push({ tMs, tempC });
        while (minute[0]!.tMs < tMs - MINUTE_MS) minute.shift();
      }
      if (hottestC !== undefined && hottestC >= plan.maxTempC) end('too-hot');
      else if (tMs >= plan.maxMs) end('time');
      else if (onCard && tMs - (lastSeenMs ?? 0) > BLIND_MS) end('telemetry-lost');
      else if (phase === 'idle' && tMs >= plan.idleMs) enter('ramp', tMs);
      else if (phase === 'ramp' && tMs - phaseMs >= plan.rampMs) enter('soak', tMs);
      else if (phase === 'soak') {
        const soakedMs = tMs - phaseMs;
        if (soakedMs >= plan.soakMs[1] || (soakedMs >= plan.soakMs[0] && (!onCard || steady(tMs))))
          enter('cool-down', tMs);
      } else if (phase === 'cool-down' && tMs - phaseMs >= plan.coolMs) end('complete');
      const load = phase === 'ramp' ? Math.min(1, (tMs - phaseMs) / plan.rampMs) : phase === 'soak' ? 1 : 0;
      return { phase, load, ...(ending && { ending }) };
    },
    abort: (why: StressTestEnding = 'aborted'): void => end(why),
  };
}
