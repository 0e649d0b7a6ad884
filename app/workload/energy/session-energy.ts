import { readingOf, valueOf, type Frame } from '../../metrics/frame.ts';
import { createPowerIntegral, ENERGY_ERROR, trapezoidJ } from './energy.ts';
import type { EnergyWhy, Range } from './schema.ts';
import { COUNTER_LAG_MS, createSpan, type Doubt, type Ends, type SpanDoubt, type Unseen } from './span.ts';
import type { ShareSpan } from './shares.ts';
import { createEnergySum, type EnergySum } from './sum.ts';
import { createVerdict } from './verdict.ts';

/** Readings of a card at one moment; `dtMs` is undefined after a gap. */
export type EnergySample = { readonly tsMs: number; readonly dtMs: number | undefined; readonly frame: Frame };

type Part = { readonly sum: EnergySum; readonly rangeJ: Range; readonly unseen: Unseen };

export type SessionEnergy = Pick<Part, 'sum' | 'rangeJ'> & {
  readonly from: 'counter' | 'power';
  /** counter and power contradict each other: which one is used, and why */
  readonly why: EnergyWhy | undefined;
  /** absent: all of it was seen */
  readonly unseen: Unseen | undefined;
};

const NONE: Doubt = { belowJ: 0, aboveJ: 0 };

/** The session's own energy in a span, with its range: the sensor's ±5 %, the ends, and what was not seen. */
function partOf(sum: ReturnType<typeof createEnergySum>, span: SpanDoubt, spread: Doubt = NONE): Part {
  const result = sum.result();
  const ends = sum.doubt(span);
  const lowJ = result.ownJ - ends.belowJ - spread.belowJ;
  const highJ = result.ownJ + ends.aboveJ + spread.aboveJ;
  return {
    sum: result,
    unseen: span.unseen,
    rangeJ: {
      low: Math.max(0, lowJ) / (1 + ENERGY_ERROR),
      high: highJ / (1 - ENERGY_ERROR) + span.unseen.energyJ,
    },
  };
}

/** Energy by a card's counter. Across a reset it is that of its power. */
function createByCounter(ends: Ends, shares: () => readonly ShareSpan[], timed: boolean) {
  const sum = createEnergySum(shares, timed);
  let pieces = 0;
  const span = createSpan(ends, COUNTER_LAG_MS, (piece) => {
    pieces++;
    sum.add(piece);
  });
  let last: { readonly tsMs: number; readonly mj: number } | undefined;
  let peakW = 0;
  let poweredJ: number | undefined; // by power since the last reading; undefined: not seen throughout

  return {
    peakW: () => peakW,
    /**
     * @param powerJ by power since the sample before; undefined: not seen
     * @returns J since the sample before; undefined: one of the two has no reading, or the counter started over
     */
    add({ tsMs, frame }: EnergySample, previousMs: number | undefined, powerJ: number | undefined): number | undefined {
      poweredJ = powerJ === undefined || poweredJ === undefined ? undefined : poweredJ + powerJ;
      const mj = valueOf(frame, 'energyMj');
      if (mj === undefined) return undefined;
      const before = last;
      last = { tsMs, mj };
      const stepJ = before && mj >= before.mj ? (mj - before.mj) / 1000 : undefined;
      span.add(tsMs, stepJ ?? poweredJ);
      poweredJ = 0;
      if (before === undefined || stepJ === undefined) return undefined;
      peakW = Math.max(peakW, (stepJ * 1000) / Math.max(tsMs - before.tsMs, COUNTER_LAG_MS));
      return before.tsMs === previousMs ? stepJ : undefined;
    },
    result(mostW: number): Part | undefined {
      const doubt = span.result(mostW);
      return doubt && pieces > 0 ? partOf(sum, doubt) : undefined;
    },
  };
}

/** Energy by a card's power, which is taken as linear between two samples. Nothing is added across a gap. */
function createByPower(ends: Ends, windowMs: number, shares: () => readonly ShareSpan[], timed: boolean) {
  const sum = createEnergySum(shares, timed);
  const span = createSpan(ends, undefined, (piece) => sum.add(piece));
  const doubtedEnds = ends.beganByMs !== undefined && ends.endedByMs !== undefined;
  const integral = createPowerIntegral(windowMs, doubtedEnds);
  // time that is in the span wherever its ends are: the least that was used
  const { beganByMs = ends.fromMs, endedAfterMs = ends.toMs } = ends;
  const core = createPowerIntegral(windowMs, doubtedEnds);
  let peakW = 0;

  /** Notes the part of an interval that is in the span, for what integration may have missed. */
  function integrate(fromMs: number, toMs: number, dtMs: number, wattsAt: (share: number) => number): void {
    const shareAt = (atMs: number): number => (toMs > fromMs ? (atMs - fromMs) / (toMs - fromMs) : 0);
    function note(into: typeof integral, sinceMs: number, untilMs: number): void {
      const [x, y] = [Math.max(0, shareAt(sinceMs)), Math.min(1, shareAt(untilMs))];
      if (y > x) into.add(wattsAt(x), wattsAt(y), dtMs * (y - x));
    }
    note(integral, ends.fromMs, ends.toMs);
    note(core, beganByMs, endedAfterMs);
  }

  return {
    peakW: () => peakW,
    /** @returns J since the sample before; undefined: not seen */
    add({ tsMs, dtMs, frame }: EnergySample, before: EnergySample | undefined): number | undefined {
      const [beforeW, afterW] = [before && valueOf(before.frame, 'powerW'), valueOf(frame, 'powerW')];
      peakW = Math.max(peakW, afterW ?? 0);
      if (!before || dtMs === undefined || beforeW === undefined || afterW === undefined) {
        if (before || afterW !== undefined) span.add(tsMs, undefined);
        return undefined;
      }
      const joules = trapezoidJ(beforeW, afterW, dtMs);
      const wattsAt = (share: number): number => beforeW + (afterW - beforeW) * share;
      span.add(tsMs, joules, (share) => (joules > 0 ? trapezoidJ(beforeW, wattsAt(share), dtMs * share) / joules : 0));
      integrate(before.tsMs, tsMs, dtMs, wattsAt);
      return joules;
    },
    result(mostW: number): Part | undefined {
      const doubt = span.result(mostW);
      const integrated = integral.result();
      if (!doubt || !integrated) return undefined;
      const { energyJ, spreadJ, ms } = integrated;
      const mostJ = (mostW * ms) / 1000 - energyJ;
      if (span.inside() === 0) {
        const unseen = { ms: Math.round(doubt.unseen.ms + ms), energyJ: doubt.unseen.energyJ + mostJ };
        return partOf(sum, { ...doubt, unseen }, { belowJ: energyJ, aboveJ: 0 });
      }
      const own = energyJ > 0 ? sum.result().ownJ / energyJ : 0; // a share of a range is that share of both its ends
      return partOf(sum, doubt, {
        belowJ: (core.result()?.spreadJ ?? 0) * own,
        aboveJ: Math.min(spreadJ, mostJ) * own,
      });
    },
  };
}

/**
 * Adds up a session's energy on a card by its counter and by its power side by side, from samples in order. They begin
 * before the session and go on after it, where there are any; time without them is bounded by the power limit. The
 * counter is used, unless power saw more of the session, or the counter was found to be wrong (verdict.ts).
 */
export function createSessionEnergy(
  ends: Ends,
  windowMs: number,
  shares: () => readonly ShareSpan[],
  timed: boolean,
): { readonly add: (sample: EnergySample) => void; readonly result: () => SessionEnergy | undefined } {
  const byCounter = createByCounter(ends, shares, timed);
  const byPower = createByPower(ends, windowMs, shares, timed);
  const verdict = createVerdict(windowMs);
  const rejected = { energyMj: false, powerW: false };
  let mostW = 0;
  let before: EnergySample | undefined;

  return {
    add(sample): void {
      const { frame, dtMs } = sample;
      for (const key of ['energyMj', 'powerW'] as const)
        rejected[key] ||= readingOf(frame, key).state === 'implausible';
      const limitW = valueOf(frame, 'powerLimitW') ?? valueOf(frame, 'powerMaxLimitW');
      mostW = Math.max(mostW, limitW ?? 0);
      const powerJ = byPower.add(sample, before);
      const counterJ = byCounter.add(sample, before?.tsMs, powerJ);
      if (before && dtMs !== undefined && powerJ !== undefined && counterJ !== undefined) {
        const [beforeW, afterW] = [valueOf(before.frame, 'powerW')!, valueOf(frame, 'powerW')!];
        const highestW = valueOf(frame, 'powerMaxLimitW') ?? limitW;
        verdict.add({ counterJ, beforeW, afterW, dtMs, limitW: highestW });
      }
      before = sample;
    },

    /** undefined: no energy was observed */
    result(): SessionEnergy | undefined {
      const boundW = Math.max(mostW, byPower.peakW(), mostW > 0 ? 0 : byCounter.peakW());
      const [counter, power] = [byCounter.result(boundW), byPower.result(boundW)];
      const found = verdict.result();
      const whyPower = rejected.energyMj ? 'counter-impossible' : undefined;
      if (!counter) return power && shown('power', power, whyPower);
      if (!power) return shown('counter', counter, rejected.powerW ? 'power-stuck' : undefined);
      if (found === 'counter-stuck' || found === 'counter-impossible') return shown('power', power, found);
      if (found === 'undecided') {
        const [a, b] = [counter.rangeJ, power.rangeJ];
        const rangeJ = { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
        return shown('counter', { ...counter, rangeJ }, found);
      }
      const sawMore = power.unseen.ms + COUNTER_LAG_MS < counter.unseen.ms;
      if (sawMore && found === undefined) return shown('power', power, whyPower);
      return shown('counter', counter, found ?? (rejected.powerW ? 'power-stuck' : undefined));
    },
  };
}

const shown = (
  from: SessionEnergy['from'],
  { sum, rangeJ, unseen }: Part,
  why: EnergyWhy | undefined,
): SessionEnergy => ({
  from,
  why,
  sum,
  rangeJ,
  unseen: unseen.ms > COUNTER_LAG_MS ? unseen : undefined,
});
