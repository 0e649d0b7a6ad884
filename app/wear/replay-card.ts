import { createSteadyDetector } from './cooling/windows.ts';
import type { SteadyWindow } from './ledger/ledger-schema.ts';
import type { ReplayPart } from '../history/samples.ts';
import { wearReadings, type WearColumns, type WearReading } from './columns.ts';
import type { MeterState } from './meter-state.ts';
import { createMeter, type HourCell } from './meter.ts';

/** The result of a replay: ended hours, steady windows, and the state from which the meter continues. */
export type ReplayedCard = {
  readonly cells: readonly HourCell[];
  readonly windows: readonly SteadyWindow[];
  readonly state: MeterState;
  readonly fedToId: number;
};

function wearColumns({ tsMs, dtMs, metrics }: ReplayPart): WearColumns {
  const columns = Object.fromEntries(wearReadings.map((key) => [key, metrics[key]!.values]));
  return { tsMs, dtMs, ...(columns as Record<WearReading, Float64Array>) };
}

/**
 * Computes a card's history again.
 * @param parts its samples by time, with the readings that the model uses
 */
export function replayCard(parts: Iterable<ReplayPart>, onPart?: (part: ReplayPart) => void): ReplayedCard {
  const cells: HourCell[] = [];
  const windows: SteadyWindow[] = [];
  const meter = createMeter((cell) => cells.push(cell));
  const steady = createSteadyDetector((window) => windows.push(window));
  let fedToId = 0;
  for (const part of parts) {
    const columns = wearColumns(part);
    meter.feed(columns);
    steady.feed(columns);
    fedToId = Math.max(fedToId, part.lastSeq);
    onPart?.(part);
  }
  return { cells, windows, state: meter.save(), fedToId };
}
