import type { SessionSample } from '../../app/workload/sessions/summary.ts';
import { frameWith } from './frames.ts';

/** A load that is linear between knots; two knots at one moment are a jump. W by ms. */
export type Load = readonly { readonly atMs: number; readonly watts: number }[];

/** Watts of a load, and its exact energy in J since its first knot. */
export function readLoad(load: Load): {
  readonly watts: (atMs: number) => number;
  readonly joules: (atMs: number) => number;
} {
  const before: number[] = [0];
  for (let i = 1; i < load.length; i++) {
    const [a, b] = [load[i - 1]!, load[i]!];
    before.push(before[i - 1]! + ((a.watts + b.watts) / 2) * ((b.atMs - a.atMs) / 1000));
  }
  /** the knot before a moment */
  function indexAt(atMs: number): number {
    let [low, high] = [0, load.length - 1];
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (load[mid]!.atMs <= atMs) low = mid;
      else high = mid - 1;
    }
    return low;
  }
  function watts(atMs: number): number {
    const i = indexAt(atMs);
    const [a, b] = [load[i]!, load[i + 1]];
    if (!b || b.atMs === a.atMs || atMs < a.atMs) return a.watts;
    return a.watts + (b.watts - a.watts) * ((atMs - a.atMs) / (b.atMs - a.atMs));
  }
  return {
    watts,
    joules(atMs) {
      const i = indexAt(atMs);
      const { atMs: sinceMs, watts: sinceW } = load[i]!;
      return before[i]! + ((sinceW + watts(atMs)) / 2) * ((atMs - sinceMs) / 1000);
    },
  };
}

/** A simulated card: its counter, if it has one, is updated every `updateMs`, and both sensors are wrong by a factor. */
export type Card = {
  readonly load: Load;
  readonly limitW: number;
  readonly gain: number;
  /** undefined: the card has no counter */
  readonly counter: { readonly updateMs: number; readonly phaseMs: number } | undefined;
};

/** What a recorder reads of a card at some moments. */
export function samplesAt({ load, limitW, gain, counter }: Card, atMs: readonly number[]): SessionSample[] {
  const { watts, joules } = readLoad(load);
  return atMs.map((tsMs, i) => {
    const updatedMs =
      counter && tsMs - ((((tsMs - counter.phaseMs) % counter.updateMs) + counter.updateMs) % counter.updateMs);
    const energy = updatedMs === undefined ? {} : { energyMj: Math.floor(gain * joules(updatedMs) * 1000) };
    return {
      tsMs,
      dtMs: i === 0 ? undefined : tsMs - atMs[i - 1]!,
      frame: frameWith({ powerW: gain * watts(tsMs), powerLimitW: limitW, coreTempC: 60, ...energy }),
    };
  });
}
