import { reasonOfCode } from '../history/codec/sample-chunk.ts';
import type { History } from '../history/history.ts';
import type { ReplayPart } from '../history/samples.ts';
import type { StoredGpu } from '../history/schema.ts';
import { createFrame, type Frame } from '../metrics/frame.ts';
import { metricIndex, type MetricKey } from '../metrics/metrics.ts';
import type { Tick } from '../telemetry/sampler.ts';
import type { GpuEvent } from '../telemetry/source.ts';

export type PastSources = Pick<History, 'gpus' | 'gaps' | 'replay'> & {
  readonly xids: Pick<History['xids'], 'between'>;
};

/** The samples of one card, one after the other, in one frame that is filled again for each. */
type Cursor = {
  readonly gpu: StoredGpu;
  readonly frame: Frame;
  readonly parts: Iterator<ReplayPart>;
  part: ReplayPart | undefined;
  at: number;
};

const SOURCE = { kind: 'replay', label: '', simulated: false } as const;

/**
 * The past as ticks of a few metrics, of all cards together, in the order of time, with the gap that each one ends. Frames are used again: what is needed
 * after the next tick must be copied. Ends of parts are given as `undefined`: a moment to let other work run.
 */
export function* pastTicks(
  history: PastSources,
  fromMs: number,
  toMs: number,
  keys: readonly MetricKey[],
): Generator<Tick | undefined> {
  const cursors = history.gpus.list().map((gpu): Cursor => {
    const parts = history.replay(gpu.uuid, fromMs, toMs, keys)[Symbol.iterator]();
    return { gpu, frame: createFrame(), parts, part: undefined, at: 0 };
  });
  const gaps = new Map(history.gaps(fromMs, toMs).map((gap) => [gap.toMs, gap]));
  const xids = history.xids.between(fromMs, toMs).sort((a, b) => a.tsMs - b.tsMs);
  let heard = 0;
  let seq = 0;

  /** Moves to the next part if this one is over. */
  function refill(cursor: Cursor): void {
    while (!cursor.part || cursor.at >= cursor.part.tsMs.length) {
      const next = cursor.parts.next();
      cursor.part = next.done ? undefined : next.value;
      cursor.at = 0;
      if (next.done) return;
    }
  }
  function fill({ frame, part, at }: Cursor): void {
    for (const key of keys) {
      const column = part!.metrics[key];
      if (!column) continue;
      const i = metricIndex[key];
      frame.states[i] = column.states[at]!;
      frame.values[i] = column.values[at]!;
      frame.reasons[i] = reasonOfCode(column.codes[at]!);
    }
  }
  function eventsUntil(tsMs: number): GpuEvent[] {
    const start = heard;
    while (heard < xids.length && xids[heard]!.tsMs <= tsMs) heard++;
    return xids
      .slice(start, heard)
      .map(({ gpuUuid, tsMs: atMs, code, witness }) => ({ gpuUuid, tsMs: atMs, kind: 'xid', code, witness }));
  }

  for (;;) {
    const isNewPart = cursors.some(({ part, at }) => !part || at >= part.tsMs.length);
    cursors.forEach(refill);
    if (isNewPart) yield undefined;
    const left = cursors.filter(({ part }) => part);
    if (left.length === 0) return;
    const tsMs = Math.min(...left.map(({ part, at }) => part!.tsMs[at]!));
    const together = left.filter(({ part, at }) => part!.tsMs[at] === tsMs);
    together.forEach(fill);
    const dts = together.map(({ part, at }) => part!.dtMs[at]!).filter((dtMs) => !Number.isNaN(dtMs));
    const gpus = together.map(({ gpu, frame }) => ({ gpu, frame }));
    const dtMs = dts.length === 0 ? undefined : Math.max(...dts);
    const gap = dtMs === undefined ? gaps.get(tsMs) : undefined;
    yield { seq: ++seq, tsMs, dtMs, gap, gpus, source: SOURCE, events: eventsUntil(tsMs), readMs: 0 };
    for (const cursor of together) cursor.at++;
  }
}
