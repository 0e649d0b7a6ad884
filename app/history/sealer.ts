import type { ChunkTable } from './chunks.ts';
import type { Db } from './db.ts';
import { carryOf, intervalSums, type Carry } from './codec/interval-sums.ts';
import { HOUR_MS, hourOf, type OpenHour, type Run } from './open-hour.ts';
import { addRollup, createRollup, rollUpSamples } from './codec/rollup.ts';
import { MINUTE_MS, type RollupParts } from './rollup-parts.ts';
import type { SampleColumns } from './codec/sample-chunk.ts';
import { createSampleCollector, type SampleCollector } from './sample-collector.ts';
import { GAP_MS } from '../telemetry/sampler.ts';

const NOTHING: Carry = new Map();

/**
 * Rows that are sealed at once: an hour at one sample per second. At a shorter interval an hour is sealed in several
 * chunks while it goes on, so that neither the memory nor the time that sealing takes grows with the sampling rate.
 */
const ROWS_AT_ONCE = 3_600;
/** An hour is sealed before its end only when it has clearly more rows than that. */
const MOST_OPEN_ROWS = 4_000;

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

/** A run that is being sealed. */
type Current = {
  readonly run: Run;
  /** GPUs still to be encoded; undefined: not known yet */
  waiting: number[] | undefined;
  readonly writers: (() => void)[];
  readonly collector: SampleCollector;
};

/** The part of a run that is to be sealed now; undefined: none. */
function dueOf(run: Run, finished: boolean): Run | undefined {
  if (run.lastSeq - run.firstSeq < MOST_OPEN_ROWS) return finished ? run : undefined;
  return { ...run, lastSeq: run.firstSeq + ROWS_AT_ONCE - 1 };
}

/**
 * Seals finished hours, and the older part of one that has many rows: encodes one GPU after the other, one at each call so that sampling goes on between, then writes
 * all chunks and removes the rows in one transaction. A killed process leaves either the rows or the chunks.
 */
export function createSealer(db: Db, open: OpenHour, prepare: PrepareSealed): Sealer {
  let runs: Run[] | undefined; // read at the first use: a connection that only reads never needs them
  let current: Current | undefined;

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
        const due = first && dueOf(first, runs.length > 1 || first.hourMs !== hourOf(nowMs));
        if (!due) return false;
        const collector = createSampleCollector(undefined, due.lastSeq - due.firstSeq + 1);
        current = { run: due, waiting: undefined, writers: [], collector };
      }
      const { run, waiting, writers, collector } = current;
      if (!waiting || waiting.length > 0) {
        collector.clear(); // the same memory for one GPU after the other
        const { gpuId, columns, others } = open.read(run, collector, waiting?.[0]);
        if (gpuId !== undefined && columns.seq.length > 0) writers.push(prepare(gpuId, run.hourMs, columns));
        current.waiting = waiting?.slice(1) ?? others;
        return true;
      }
      finish(run, writers);
      current = undefined;
      // what is left of the hour; rows may have come to it meanwhile, also when the clock was set back
      if (first!.lastSeq > run.lastSeq) runs[0] = { ...first!, firstSeq: run.lastSeq + 1 };
      else runs.shift();
      return runs.length > 0;
    },
  };
}
