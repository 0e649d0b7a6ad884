import { text as sentence } from '../../core/i18n.ts';
import type { MetricKey } from '../../metrics/metrics.ts';
import { metrics } from '../../metrics/metrics.ts';
import { hasValue, type Frame } from '../../metrics/frame.ts';
import { createPlausibility, type Plausibility } from '../plausibility.ts';
import { GAP_MS } from '../sampler.ts';
import type { LogGpu, LogSink } from './log.ts';
import { OLDEST_MS } from './stamps.ts';

/** A sample of a log, ready for the history. */
export type LogSample = {
  readonly tsMs: number;
  /** since the sample before it in the same log; undefined after a gap */
  readonly dtMs: number | undefined;
  readonly frame: Frame;
};

export type Intake = {
  /** Samples wait until one of the file has a value: a log without any is not imported. */
  readonly sample: LogSink['sample'];
  /** metrics that had at least one value */
  readonly taken: () => readonly MetricKey[];
};

type Card = { lastMs: number; lastStampMs: number; plausibility: Plausibility };

const DAY_MS = 86_400_000;
const MOST_WAITING = 10_000;

/**
 * Checks each sample of a log: its stamp, the time since the sample before it, and whether its values can be true. If
 * stamps have whole seconds, several rows of one second are set 1 ms apart: their order is known, their moment is not.
 */
export function createIntake(
  nowMs: number,
  emit: (gpu: LogGpu, sample: LogSample) => void,
  bad: LogSink['bad'],
): Intake {
  const cards = new Map<string, Card>();
  const taken = new Set<number>();
  let waiting: (() => void)[] = [];

  function pass(line: number, emitOne: () => void): void {
    if (taken.size === 0 && waiting.length === MOST_WAITING) return bad(line, sentence('telemetry.log.bad.noValue'));
    waiting.push(emitOne);
    if (taken.size === 0) return;
    for (const one of waiting) one();
    waiting = [];
  }

  return {
    sample(line, gpu, stampMs, frame) {
      if (!(stampMs >= OLDEST_MS)) return bad(line, sentence('telemetry.log.bad.beforeGpus'));
      if (stampMs > nowMs + DAY_MS) return bad(line, sentence('telemetry.log.bad.future'));
      let card = cards.get(gpu.key);
      const back = card !== undefined && stampMs < card.lastStampMs;
      if (!card || back) card = { lastMs: -Infinity, lastStampMs: -Infinity, plausibility: createPlausibility() };
      cards.set(gpu.key, card);
      const tsMs = Math.max(Math.round(stampMs), card.lastMs + 1);
      const sinceMs = tsMs - card.lastMs;
      card.lastMs = tsMs;
      card.lastStampMs = stampMs;
      card.plausibility.check(frame, tsMs);
      metrics.forEach((_, i) => {
        if (hasValue(frame, i)) taken.add(i);
      });
      pass(line, () => emit(gpu, { tsMs, dtMs: sinceMs <= GAP_MS ? sinceMs : undefined, frame }));
    },
    taken: () => [...taken].map((i) => metrics[i]!.key),
  };
}
