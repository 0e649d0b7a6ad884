import type { ChunkTable } from './chunks.ts';
import type { Db } from './database.node.ts';
import { carryOf, intervalSums, type Carry } from './interval-sums.ts';
import { HOUR_MS, hourOf, type OpenHour, type Run } from './open-hour.ts';
import { addRollup, createRollup, rollUpSamples } from './rollup.ts';
import { MINUTE_MS, type RollupParts } from './rollup-parts.ts';
import type { SampleColumns } from './sample-chunk.ts';
import { GAP_MS } from '../telemetry/sampler.ts';

const NOTHING: Carry = new Map();

/** Encodes samples of one GPU and one hour with their roll-ups; what it returns writes them, inside a transaction. */
export type PrepareSealed = (gpuId: number, hourMs: number, columns: SampleColumns) => () => void;

/** Roll-ups of samples, by minute and by hour. */
export function createRollUp(chunks: ChunkTable, parts: RollupParts): PrepareSealed {
  const carries = new Map<number, { readonly seq: number; readonly carry: Carry }>();

  /** Values of the sample before a chunk's first: from the chunk just written, or read again after a restart. */
  function carryBefore(gpuId: number, { dtMs, seq, tsMs }: SampleColumns): Carry {
    if (Number.isNaN(dtMs[0]!)) return NOTHING; // a gap: nothing is added up across it
    const known = carries.get(gpuId);
    const place = chunks.before(gpuId, seq[0]!);
    if (!place) return NOTHING;
    if (known?.seq === place.lastSeq) return known.carry;
    if (Math.abs(tsMs[0]! - place.toMs) > GAP_MS) return NOTHING; // another file's samples
    const chunk = chunks.open(place.id)!;
    const metrics = new Map(chunk.metricIds.map((id) => [id, chunk.metric(id)!]));
    return carryOf({ metrics, tsMs: chunk.stamps().tsMs });
  }

  return (gpuId, hourMs, columns) => {
    const minutes = createRollup(hourMs, MINUTE_MS, HOUR_MS / MINUTE_MS);
    rollUpSamples(minutes, columns, intervalSums(columns, carryBefore(gpuId, columns)));
    const hour = createRollup(hourMs, HOUR_MS, 1);
    addRollup(hour, minutes);
    carries.set(gpuId, { seq: columns.seq.at(-1)!, carry: carryOf(columns) });
    const writers = [parts.prepare(gpuId, minutes), parts.prepare(gpuId, hour)];
    return () => writers.forEach((write) => write());
  };
}

export function createPrepareSealed(chunks: ChunkTable, parts: RollupParts): PrepareSealed {
  const rollUp = createRollUp(chunks, parts);
  return (gpuId, hourMs, columns) => {
    const writers = [rollUp(gpuId, hourMs, columns), chunks.prepare(gpuId, hourMs, columns)];
    return () => writers.forEach((write) => write());
  };
}

export type Sealer = {
  /** Takes note of a row: an hour is finished when a row of another one comes. */
  readonly appended: (seq: number, tsMs: number) => void;
  /** Does a part of what is to be sealed: one GPU of one hour. Returns true while there is more. */
  readonly step: (nowMs: number) => boolean;
};

/**
 * Seals finished hours: encodes one GPU after the other, one at each call so that sampling goes on between, then writes
 * all chunks and removes the rows in one transaction. A killed process leaves either the rows or the chunks.
 */
export function createSealer(db: Db, open: OpenHour, prepare: PrepareSealed): Sealer {
  let runs: Run[] | undefined; // read at the first use: a connection that only reads never needs them
  let current: { readonly run: Run; waiting: number[] | undefined; readonly writers: (() => void)[] } | undefined;

  const finish = db.transaction((run: Run, writers: readonly (() => void)[]) => {
    for (const write of writers) write();
    open.remove(run);
  });

  return {
    appended(seq, tsMs) {
      runs ??= open.runs();
      const hourMs = hourOf(tsMs);
      const last = runs.at(-1);
      if (last?.hourMs === hourMs) runs[runs.length - 1] = { ...last, lastSeq: seq };
      else runs.push({ hourMs, firstSeq: seq, lastSeq: seq });
    },
    step(nowMs) {
      runs ??= open.runs();
      const [first] = runs;
      if (!current) {
        if (!first || (runs.length === 1 && first.hourMs === hourOf(nowMs))) return false;
        current = { run: first, waiting: undefined, writers: [] };
      }
      const { run, waiting, writers } = current;
      if (!waiting || waiting.length > 0) {
        const { gpuId, columns, others } = open.read(run, waiting?.[0]);
        if (gpuId !== undefined && columns.seq.length > 0) writers.push(prepare(gpuId, run.hourMs, columns));
        current.waiting = waiting?.slice(1) ?? others;
        return true;
      }
      finish(run, writers);
      current = undefined;
      // rows may have come to the same hour meanwhile, when the clock was set back
      if (first!.lastSeq > run.lastSeq) runs[0] = { ...first!, firstSeq: run.lastSeq + 1 };
      else runs.shift();
      return runs.length > 0;
    },
  };
}
