import { createSteadyDetector, type SteadyWindow } from '../cooling/windows.ts';
import type { StoredSample } from '../history/samples.ts';
import type { MeterState } from './meter-state.ts';
import { createMeter, type HourCell } from './meter.ts';
import { columnsOf } from './replay.ts';

/** What a replay of a card's history gives: its ended hours, its steady windows, and the state to go on from. */
export type ReplayedCard = {
  readonly cells: readonly HourCell[];
  readonly windows: readonly SteadyWindow[];
  readonly state: MeterState;
  readonly fedToId: number;
};

/** Runs stored samples of one card again, by time. */
export function replayCard(samples: Iterable<StoredSample>, onSample?: (sample: StoredSample) => void): ReplayedCard {
  const cells: HourCell[] = [];
  const windows: SteadyWindow[] = [];
  const meter = createMeter((cell) => cells.push(cell));
  const steady = createSteadyDetector((window) => windows.push(window));
  let fedToId = 0;
  function* noted(): Generator<StoredSample> {
    for (const sample of samples) {
      fedToId = Math.max(fedToId, sample.id);
      onSample?.(sample);
      yield sample;
    }
  }
  for (const columns of columnsOf(noted())) {
    meter.feed(columns);
    steady.feed(columns);
  }
  return { cells, windows, state: meter.save(), fedToId };
}
