/**
 * Steps a power limit so that a card stays at a steady temperature. It changes the limit rarely: each change is a small
 * thermal cycle, and a limit that oscillates is worse than one that is slightly wrong.
 *
 * It waits until the temperature has settled, divides the remaining error by the gain learnt from its earlier steps (K/W),
 * and changes the limit once by the result. Only a card far above the target is limited at once.
 */
export type ControlLimits = {
  readonly targetC: number;
  readonly minW: number;
  /** the card's own limit: never exceeded */
  readonly maxW: number;
};

export type LimitReading = { readonly tMs: number; readonly tempC: number; readonly powerW: number };

export const limitReasons = ['too-hot', 'settled-hot', 'settled-cool'] as const;
export type LimitChange = { readonly limitW: number; readonly why: (typeof limitReasons)[number] };

const WINDOW_MS = 300_000;
/** The temperature has settled when both halves of the window agree within this. Sensors read whole degrees. */
const STEADY_K = 0.4;
/** A smaller error is not corrected. */
const DEAD_K = 0.6;
/** Time for the card to respond to a change; once it was at its target, at most two changes per hour. */
const SETTLING_MS = 480_000;
const SETTLED_MS = 2_100_000;
/** A load that never settles is corrected after this long. */
const IMPATIENT_MS = 2_700_000;
const RUNAWAY_K = 3;
const RUNAWAY_EVERY_MS = 90_000;
/** Gain in K/W: thermal resistances of air- and water-cooled cards, with room on both sides. */
const GAIN = { first: 0.14, low: 0.03, high: 0.5 };
const LARGEST_STEP = 0.2;
/** Steps up are smaller than steps down: too hot is worse than too slow. */
const CAUTION = 0.7;
const LOOK_EVERY_MS = 10_000;

type Step = { readonly fromW: number; readonly fromC: number };

export function createLimitController(limits: ControlLimits) {
  const { targetC } = limits;
  const window: LimitReading[] = [];
  let limitW = limits.maxW;
  let gain = GAIN.first;
  let changedMs = -Infinity;
  let startedMs: number | undefined;
  let lookMs = -Infinity;
  let settled = false;
  let step: Step | undefined;
  let fastC: number | undefined;

  const mean = (list: readonly LimitReading[], pick: (reading: LimitReading) => number): number =>
    list.reduce((sum, reading) => sum + pick(reading), 0) / list.length;

  function change(toW: number, nowMs: number, meanC: number, why: LimitChange['why']): LimitChange | undefined {
    const span = LARGEST_STEP * limits.maxW;
    const within = Math.max(limitW - span, Math.min(limitW + span, toW));
    const next = Math.round(Math.max(limits.minW, Math.min(limits.maxW, within)));
    if (Math.abs(next - limitW) < 2) return undefined;
    step = { fromW: limitW, fromC: meanC };
    limitW = next;
    changedMs = nowMs;
    window.length = 0;
    return { limitW, why };
  }

  /** Learns the gain from the last step. Steps within sensor noise are ignored. */
  function learn(meanC: number): void {
    if (!step) return;
    const [dW, dK] = [limitW - step.fromW, meanC - step.fromC];
    step = undefined;
    if (Math.abs(dW) < 6 || Math.abs(dK) < 0.8 || dK / dW <= 0) return;
    gain = Math.max(GAIN.low, Math.min(GAIN.high, 0.3 * gain + (0.7 * dK) / dW));
  }

  return {
    limitW: () => limitW,
    /** Everything was undone: the card has its own limit. */
    reset: (): void => {
      limitW = limits.maxW;
      window.length = 0;
      step = undefined;
      settled = false;
      changedMs = -Infinity;
    },
    /** Takes one reading. Returns a change to make now, or none. */
    feed(reading: LimitReading): LimitChange | undefined {
      const { tMs, tempC } = reading;
      startedMs ??= tMs;
      const previous = window.at(-1);
      const dtMs = previous ? tMs - previous.tMs : 1000;
      fastC = fastC === undefined ? tempC : fastC + (tempC - fastC) * Math.min(1, dtMs / 15_000);
      window.push(reading);
      while (window[0]!.tMs < tMs - WINDOW_MS) window.shift();

      const overC = fastC - targetC;
      if (overC > RUNAWAY_K && tMs - changedMs > RUNAWAY_EVERY_MS) {
        const drawnW = mean(window.slice(-60), ({ powerW }) => powerW);
        settled = false;
        if (step && limitW > step.fromW) gain = Math.min(GAIN.high, gain * 1.5); // the last raise heated it more than expected
        return change(Math.min(limitW, drawnW) - overC / gain, tMs, fastC, 'too-hot');
      }
      if (tMs < lookMs || tMs - window[0]!.tMs < WINDOW_MS * 0.9) return undefined;
      lookMs = tMs + LOOK_EVERY_MS;
      const waitedMs = tMs - Math.max(changedMs, startedMs);
      if (waitedMs < (settled ? SETTLED_MS : SETTLING_MS)) return undefined;
      const middle = tMs - WINDOW_MS / 2;
      const early = mean(
        window.filter((each) => each.tMs < middle),
        (each) => each.tempC,
      );
      const late = mean(
        window.filter((each) => each.tMs >= middle),
        (each) => each.tempC,
      );
      if (Math.abs(late - early) > STEADY_K && waitedMs < IMPATIENT_MS) return undefined;

      const meanC = mean(window, (each) => each.tempC);
      learn(meanC);
      const errorC = meanC - targetC;
      if (Math.abs(errorC) <= DEAD_K) {
        settled = true;
        return undefined;
      }
      const peakW = Math.max(...window.map(({ powerW }) => powerW));
      const limited = peakW > 0.93 * limitW;
      if (errorC < 0 && !limited) return undefined; // the load draws less than the limit: raising it changes nothing
      return change(
        (limited ? limitW : peakW) - (errorC / gain) * (errorC < 0 ? CAUTION : 1),
        tMs,
        meanC,
        errorC > 0 ? 'settled-hot' : 'settled-cool',
      );
    },
  };
}
