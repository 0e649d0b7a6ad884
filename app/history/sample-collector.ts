import type { Target } from './codec/frame-row.ts';
import type { MetricColumn, SampleColumns } from './codec/sample-chunk.ts';

export type SampleCollector = {
  /**
   * Begins a sample.
   * @returns where its readings go, valid until the next sample begins
   * @param dtMs undefined or null after a gap
   */
  readonly add: (seq: number, tsMs: number, dtMs: number | null | undefined) => Target;
  readonly size: () => number;
  /** Forgets all samples and keeps the memory. Columns from before become invalid. */
  readonly clear: () => void;
  /** The samples as columns, valid until more are added. */
  readonly columns: () => SampleColumns;
};

function longer(values: Float64Array, capacity: number, rest: number): Float64Array {
  const out = new Float64Array(capacity);
  out.set(values);
  return rest === 0 ? out : out.fill(rest, values.length);
}

/**
 * Turns samples into columns.
 * @param wanted only these metrics; all of them when left out
 * @param expected approximate number of samples
 */
export function createSampleCollector(wanted?: ReadonlySet<number>, expected = 512): SampleCollector {
  let capacity = Math.max(1, expected);
  let n = 0;
  let [seq, tsMs, dtMs] = [0, 0, 0].map(() => new Float64Array(capacity)) as [Float64Array, Float64Array, Float64Array];
  /** by metric id, "not read" as far as they reach */
  const metrics: ({ codes: Float64Array; values: Float64Array } | null | undefined)[] = [];
  const target = {
    at: 0,
    columns: metrics,
    begin(id: number) {
      const column = { codes: new Float64Array(capacity), values: new Float64Array(capacity).fill(Number.NaN) };
      return (metrics[id] = wanted && !wanted.has(id) ? null : column);
    },
  };

  function grow(): void {
    capacity *= 2;
    [seq, tsMs, dtMs] = [longer(seq, capacity, 0), longer(tsMs, capacity, 0), longer(dtMs, capacity, 0)];
    for (const column of metrics) {
      if (!column) continue;
      column.codes = longer(column.codes, capacity, 0);
      column.values = longer(column.values, capacity, Number.NaN);
    }
  }
  return {
    add(sampleSeq, sampleMs, sinceMs) {
      if (n === capacity) grow();
      seq[n] = sampleSeq;
      tsMs[n] = sampleMs;
      dtMs[n] = sinceMs ?? Number.NaN;
      target.at = n++;
      return target;
    },
    size: () => n,
    clear() {
      n = 0;
      for (const column of metrics) {
        column?.codes.fill(0);
        column?.values.fill(Number.NaN);
      }
    },
    columns() {
      const found = new Map<number, MetricColumn>();
      metrics.forEach((column, id) => {
        if (column) found.set(id, { codes: column.codes.subarray(0, n), values: column.values.subarray(0, n) });
      });
      return { seq: seq.subarray(0, n), tsMs: tsMs.subarray(0, n), dtMs: dtMs.subarray(0, n), metrics: found };
    },
  };
}
