import type { Readings } from './frame-row.ts';
import { readingCode, type MetricColumn, type SampleColumns } from './sample-chunk.ts';

/** A column that grows. */
function createGrowing() {
  let values = new Float64Array(512);
  let length = 0;
  return {
    push(value: number): void {
      if (length === values.length) {
        const larger = new Float64Array(length * 2);
        larger.set(values);
        values = larger;
      }
      values[length++] = value;
    },
    taken: (): Float64Array => values.subarray(0, length),
    length: () => length,
  };
}

export type SampleCollector = {
  /** @param dtMs undefined or null after a gap */
  readonly add: (seq: number, tsMs: number, dtMs: number | null | undefined, readings: Readings) => void;
  readonly size: () => number;
  /** What was added, as columns; good until more is added. */
  readonly columns: () => SampleColumns;
};

/**
 * Turns samples into columns.
 * @param wanted only these metrics; all of them when left out
 */
export function createSampleCollector(wanted?: ReadonlySet<number>): SampleCollector {
  const seq = createGrowing();
  const ts = createGrowing();
  const dt = createGrowing();
  const metrics: ({ readonly codes: ReturnType<typeof createGrowing>; readonly values: typeof seq } | undefined)[] = [];

  function columnOf(id: number, length: number) {
    const column = (metrics[id] ??= { codes: createGrowing(), values: createGrowing() });
    while (column.codes.length() < length) {
      column.codes.push(0); // not read on the ticks before
      column.values.push(Number.NaN);
    }
    return column;
  }
  return {
    add(id, tsMs, dtMs, readings) {
      const at = seq.length();
      seq.push(id);
      ts.push(tsMs);
      dt.push(dtMs ?? Number.NaN);
      readings((metricId, state, derived, reason, value) => {
        if (wanted && !wanted.has(metricId)) return;
        const { codes, values } = columnOf(metricId, at);
        codes.push(readingCode(state, derived, reason));
        values.push(value);
      });
    },
    size: () => seq.length(),
    columns() {
      const found = new Map<number, MetricColumn>();
      metrics.forEach((_, id) => {
        const { codes, values } = columnOf(id, seq.length());
        found.set(id, { codes: codes.taken(), values: values.taken() });
      });
      return { seq: seq.taken(), tsMs: ts.taken(), dtMs: dt.taken(), metrics: found };
    },
  };
}
