import type { StoredSample } from '../history/samples.ts';
import { valueOf, type Frame } from '../metrics/frame.ts';
import { createColumns, wearReadings, type WearColumns } from './columns.ts';
import { summariseExposure, type Exposure, type ExposureContext } from './exposure.ts';
import { createMeter, meterTally, type Meter } from './meter.ts';
import { addTally, emptyTally } from './tally.ts';

/** Writes one sample at position `i`. */
export function putFrame(columns: WearColumns, i: number, tsMs: number, dtMs: number | undefined, frame: Frame): void {
  columns.tsMs[i] = tsMs;
  columns.dtMs[i] = dtMs ?? Number.NaN;
  for (const key of wearReadings) columns[key][i] = valueOf(frame, key) ?? Number.NaN;
}

/** The first `length` samples of columns. */
export const cutColumns = (columns: WearColumns, length: number): WearColumns =>
  Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, column.slice(0, length)])) as WearColumns;

const CHUNK = 4096;

/** Stored samples as chunks of columns. */
export function* columnsOf(samples: Iterable<Pick<StoredSample, 'tsMs' | 'dtMs' | 'frame'>>): Generator<WearColumns> {
  let columns = createColumns(CHUNK);
  let length = 0;
  for (const { tsMs, dtMs, frame } of samples) {
    putFrame(columns, length++, tsMs, dtMs, frame);
    if (length < CHUNK) continue;
    yield columns;
    columns = createColumns(CHUNK);
    length = 0;
  }
  if (length > 0) yield cutColumns(columns, length);
}

/** An exposure that grows sample by sample and can be read at any time: a session, a trace, a period. */
export type RunningExposure = {
  readonly feed: (columns: WearColumns) => void;
  readonly feedFrame: (tsMs: number, dtMs: number | undefined, frame: Frame) => void;
  readonly summary: (context?: Pick<ExposureContext, 'defaultLimitW' | 'airC'>) => Exposure;
};

export function createExposure(): RunningExposure {
  const total = emptyTally();
  const meter: Meter = createMeter(({ tally }) => addTally(total, tally));
  const one = createColumns(1);
  let sinceMs: number | undefined;
  const feed = (columns: WearColumns): void => {
    if (columns.tsMs.length > 0) sinceMs ??= columns.tsMs[0];
    meter.feed(columns);
  };
  return {
    feed,
    feedFrame(tsMs, dtMs, frame) {
      putFrame(one, 0, tsMs, dtMs, frame);
      feed(one);
    },
    summary: (context = {}) =>
      summariseExposure(meterTally([total], meter), {
        defaultLimitW: meter.limitW(),
        ...context,
        sinceMs,
        untilMs: meter.lastMs(),
      }),
  };
}

/** The exposure of a whole history, chunk by chunk: memory does not grow with its length. */
export function replayExposure(
  history: Iterable<WearColumns>,
  context: Pick<ExposureContext, 'defaultLimitW' | 'airC'> = {},
): Exposure {
  const exposure = createExposure();
  for (const columns of history) exposure.feed(columns);
  return exposure.summary(context);
}
