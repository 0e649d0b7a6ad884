import { GAP_MS } from '../telemetry/sampler.ts';
import type { ChunkTable } from './chunks.ts';
import { carryOf, summedMetricIds, type Carry } from './codec/interval-sums.ts';
import type { SampleColumns } from './codec/sample-chunk.ts';

const NOTHING: Carry = new Map();

export type Carries = {
  /**
   * Values of the sample before the first of some columns: remembered from the chunk just written, or read from the file.
   * Then a chunk more than a gap away does not continue this one: it was imported, or the clock was set.
   */
  readonly before: (gpuId: number, columns: SampleColumns) => Carry;
  /** Remembers the last values of columns that are about to be written as a chunk. */
  readonly wrote: (gpuId: number, columns: SampleColumns) => void;
};

export function createCarries(chunks: ChunkTable): Carries {
  const written = new Map<number, { readonly seq: number; readonly carry: Carry }>();
  /** by GPU, what was read last: a page that asks every few seconds reads the same chunk */
  const read = new Map<number, { readonly chunkId: number; readonly carry: Carry }>();

  function carryIn(gpuId: number, chunkId: number): Carry {
    const known = read.get(gpuId);
    if (known?.chunkId === chunkId) return known.carry;
    const chunk = chunks.open(chunkId);
    if (!chunk) return NOTHING; // retention removed it since it was found
    const metrics = new Map(
      summedMetricIds.flatMap((id) => {
        const column = chunk.metric(id);
        return column ? [[id, column] as const] : [];
      }),
    );
    const carry = carryOf({ metrics, tsMs: chunk.stamps().tsMs });
    read.set(gpuId, { chunkId, carry });
    return carry;
  }

  return {
    before(gpuId, { dtMs, seq, tsMs }) {
      if (seq.length === 0 || Number.isNaN(dtMs[0]!)) return NOTHING; // a gap: no interval leads to this sample
      const place = chunks.before(gpuId, seq[0]!);
      if (!place) return NOTHING;
      const known = written.get(gpuId);
      if (known?.seq === place.lastSeq) return known.carry;
      return Math.abs(tsMs[0]! - place.toMs) > GAP_MS ? NOTHING : carryIn(gpuId, place.id);
    },
    wrote(gpuId, columns) {
      written.set(gpuId, { seq: columns.seq.at(-1)!, carry: carryOf(columns) });
    },
  };
}
