import { metricOf, metrics, type MetricKey } from '../metrics/metrics.ts';
import { createFrame, type Frame } from '../metrics/frame.ts';
import type { ByHour } from './by-hour.ts';
import { derivedOfCode, reasonOfCode, stateOfCode, type SampleColumns, type Stamps } from './codec/sample-chunk.ts';

/** A stored sample of one GPU. */
export type StoredSample = {
  /** the order of arrival; below 0: imported */
  readonly id: number;
  readonly tsMs: number;
  readonly dtMs: number | undefined;
  readonly frame: Frame;
};

const indexOfId = new Map<number, number>(metrics.map(({ id }, index) => [id, index]));

/** Samples of columns as frames. Metrics that this version does not know are passed over. */
function* framesOf(columns: SampleColumns): IterableIterator<StoredSample> {
  const known = [...columns.metrics].flatMap(([id, column]) => {
    const index = indexOfId.get(id);
    return index === undefined ? [] : [{ index, ...column }];
  });
  for (let i = 0; i < columns.tsMs.length; i++) {
    const frame = createFrame();
    for (const { index, codes, values } of known) {
      const code = codes[i]!;
      const value = values[i]!;
      frame.states[index] = stateOfCode(code);
      frame.derived[index] = derivedOfCode(code);
      frame.reasons[index] = reasonOfCode(code);
      frame.values[index] = Number.isNaN(value) ? 0 : value;
    }
    const dt = columns.dtMs[i]!;
    yield { id: columns.seq[i]!, tsMs: columns.tsMs[i]!, dtMs: Number.isNaN(dt) ? undefined : dt, frame };
  }
}

/**
 * One metric of a stretch of samples: values (NaN where there is none), what each reading was (`readingStates`), and the
 * codes as stored, which hold its reason too.
 */
export type ReplayColumn = {
  readonly values: Float64Array;
  readonly states: Uint8Array;
  readonly codes: Float64Array;
};

/** A stretch of samples by time, as typed arrays: what a model reads that is run over years. */
export type ReplayPart = Stamps & {
  readonly metrics: Readonly<Partial<Record<MetricKey, ReplayColumn>>>;
  /** the largest sequence number among what it was taken from */
  readonly lastSeq: number;
};

function statesOf(codes: Float64Array): Uint8Array {
  const states = new Uint8Array(codes.length);
  let [last, state] = [Number.NaN, 0];
  for (let i = 0; i < states.length; i++) {
    const code = codes[i]!;
    if (code !== last) [last, state] = [code, stateOfCode(code)]; // hours of a reading have one state
    states[i] = state;
  }
  return states;
}

export type Samples = {
  /** samples of a GPU after one, in the order they came; after −Infinity: all, imported ones first */
  readonly after: (gpuId: number, id: number) => IterableIterator<StoredSample>;
  /** samples of a GPU with fromMs ≤ ts < toMs, by time */
  readonly between: (gpuId: number, fromMs: number, toMs: number) => IterableIterator<StoredSample>;
  /** the same as typed arrays of a few metrics, an hour at a time */
  readonly replay: (
    gpuId: number,
    fromMs: number,
    toMs: number,
    keys: readonly MetricKey[],
  ) => IterableIterator<ReplayPart>;
};

export function createSamples(byHour: ByHour): Samples {
  return {
    *after(gpuId, id) {
      for (const columns of byHour.after(gpuId, id)) yield* framesOf(columns);
    },
    *between(gpuId, fromMs, toMs) {
      for (const columns of byHour.between(gpuId, fromMs, toMs)) yield* framesOf(columns);
    },
    *replay(gpuId, fromMs, toMs, keys) {
      const ids = keys.map((key) => metricOf(key).id);
      for (const { tsMs, dtMs, lastSeq, metrics: columns } of byHour.between(gpuId, fromMs, toMs, ids)) {
        const found: Partial<Record<MetricKey, ReplayColumn>> = {};
        keys.forEach((key, k) => {
          const column = columns.get(ids[k]!);
          found[key] = column
            ? { ...column, states: statesOf(column.codes) }
            : {
                values: new Float64Array(tsMs.length).fill(Number.NaN),
                states: new Uint8Array(tsMs.length),
                codes: new Float64Array(tsMs.length),
              };
        });
        yield { tsMs, dtMs, lastSeq, metrics: found };
      }
    },
  };
}
