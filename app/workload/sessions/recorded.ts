import type { Frame } from '../../metrics/frame.ts';
import { isObserved, orNone } from '../../metrics/observed.ts';
import { GAP_MS } from '../../telemetry/sampler.ts';
import { MARKS_KEPT, type Marks } from '../adapters/outputs.ts';

type Span = { readonly fromMs: number; readonly toMs: number };

/** In which time of a session its energy on one card is known. */
export type Recorded = {
  /** when the session began */
  readonly fromMs: number;
  /** ms of the session whose energy is not known, in pieces that are longer than a gap */
  readonly unrecordedMs: number;
  /** Whether all of a stretch of time was recorded. */
  readonly covers: (fromMs: number, toMs: number) => boolean;
  /** Outputs that were complete in recorded time; undefined where not every output has a mark. */
  readonly outputsIn: (marks: Marks) => number | undefined;
};

/**
 * Finds the recorded time of a session. Energy is known between two readings of the card's counter, also across a gap, and
 * between two readings of power without one. Nothing is used across a reset.
 */
export function createRecorded() {
  const spans: Span[] = [];
  let counter: { readonly tsMs: number; readonly mj: number } | undefined;
  let powerW = Number.NaN;

  function extend(fromMs: number, toMs: number): void {
    const last = spans.at(-1);
    if (!last || fromMs > last.toMs + GAP_MS) spans.push({ fromMs, toMs });
    else spans[spans.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) };
  }

  return {
    /** @param dtMs since the sample before; undefined: a gap, or the first sample */
    add({ tsMs, frame }: { readonly tsMs: number; readonly frame: Frame }, dtMs: number | undefined): void {
      const mj = orNone(frame, 'energyMj');
      const watts = orNone(frame, 'powerW');
      if (counter && mj >= counter.mj) extend(counter.tsMs, tsMs);
      if (isObserved(powerW, watts, dtMs ?? Number.NaN)) extend(tsMs - dtMs!, tsMs);
      if (!Number.isNaN(mj)) counter = { tsMs, mj };
      powerW = watts;
    },

    /** The recorded time of a session that lasted from one moment to another. Its ends may lie between two samples. */
    within(fromMs: number, toMs: number): Recorded {
      const known = spans.map((span, i): Span => ({
        fromMs: i === 0 && span.fromMs - fromMs <= GAP_MS ? Math.min(span.fromMs, fromMs) : span.fromMs,
        toMs: i === spans.length - 1 && toMs - span.toMs <= GAP_MS ? Math.max(span.toMs, toMs) : span.toMs,
      }));
      const recordedMs = known.reduce(
        (sum, span) => sum + Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs)),
        0,
      );
      const covers = (from: number, to: number): boolean =>
        known.some((span) => span.fromMs <= from && to <= span.toMs);
      return {
        fromMs,
        unrecordedMs: Math.max(0, toMs - fromMs - recordedMs),
        covers,
        outputsIn: (marks) =>
          marks.length >= MARKS_KEPT
            ? undefined
            : marks.reduce((sum, { tsMs, count }) => sum + (covers(tsMs, tsMs) ? count : 0), 0),
      };
    },
  };
}
