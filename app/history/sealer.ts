import { createCarries } from './carry.ts';
import type { ChunkTable } from './chunks.ts';
import type { Db } from './db.ts';
import { intervalSums } from './codec/interval-sums.ts';
import { HOUR_MS, hourOf, type OpenHour, type Run } from './open-hour.ts';
import { addRollup, createRollup, rollUpSamples } from './codec/rollup.ts';
import { MINUTE_MS, type RollupParts } from './rollup-parts.ts';
import type { SampleColumns } from './codec/sample-chunk.ts';
import { createSampleCollector, type SampleCollector } from './sample-collector.ts';

/**
 * Rows per chunk: an hour at one sample per second. At a shorter interval an hour is sealed in several chunks before it
 * ends, so that the memory and time that sealing takes do not grow with the sampling rate.
 */
const CHUNK_ROWS = 3_600;
/** An hour is sealed before its end only when it has clearly more rows than a chunk. */
const MAX_OPEN_ROWS = 4_000;

/** Encodes samples of one GPU and one hour. The function that it returns writes them; call it in a transaction. */
export type PrepareSealed = (gpuId: number, hourMs: number, columns: SampleColumns) => () => void;

/** Prepares roll-ups of samples, by minute and by hour. */
export function createRollUp(chunks: ChunkTable, parts: RollupParts): PrepareSealed {
  const carries = createCarries(chunks);
  return (gpuId, hourMs, columns) => {
    const minutes = createRollup(hourMs, MINUTE_MS, HOUR_MS / MINUTE_MS);
    rollUpSamples(minutes, columns, intervalSums(columns, carries.before(gpuId, columns)));
    const hour = createRollup(hourMs, HOUR_MS, 1);
    addRollup(hour, minutes);
    carries.wrote(gpuId, columns);
    const writers = [parts.prepare(gpuId, minutes), parts.prepare(gpuId, hour)];
    return () => writers.forEach((write) => write());
  };
}

/** Prepares a chunk of samples together with its roll-ups. */
export function createPrepareSealed(chunks: ChunkTable, parts: RollupParts): PrepareSealed {
  const rollUp = createRollUp(chunks, parts);
  return (gpuId, hourMs, columns) => {
    const writers = [rollUp(gpuId, hourMs, columns), chunks.prepare(gpuId, hourMs, columns)];
    return () => writers.forEach((write) => write());
  };
}

export type Sealer = {
  /** Notes a row that was written. An hour is finished when a row of another hour arrives. */
  readonly appended: (seq: number, tsMs: number) => void;
  /**
   * Seals a part of what is due: encodes one GPU, or writes what is encoded.
   * @returns true while there is more
   */
  readonly step: (nowMs: number) => boolean;
};

/** A run that is being sealed. */
type Current = {
  readonly run: Run;
  /** GPUs still to be encoded; undefined until the first was read */
  waiting: number[] | undefined;
  readonly writers: (() => void)[];
  readonly collector: SampleCollector;
};

/** The part of a run that is due for sealing; undefined if none is. */
function dueOf(run: Run, finished: boolean): Run | undefined {
  if (run.lastSeq - run.firstSeq < MAX_OPEN_ROWS) return finished ? run : undefined;
  return { ...run, lastSeq: run.firstSeq + CHUNK_ROWS - 1 };
}

/**
 * Seals finished hours, and the older part of an hour with many rows. Each step encodes one GPU, so that ticks are written
 * between steps. The last step writes all chunks and removes the rows in one transaction: a killed process leaves either
 * the rows or the chunks.
 */
export function createSealer(db: Db, open: OpenHour, prepare: PrepareSealed): Sealer {
  let runs: Run[] | undefined; // read at the first use: a connection that only reads does not need them
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
        collector.clear(); // reuses the memory of the GPU before
        const { gpuId, columns, others } = open.read(run, collector, waiting?.[0]);
        if (gpuId !== undefined) writers.push(prepare(gpuId, run.hourMs, columns));
        current.waiting = waiting?.slice(1) ?? others;
        return true;
      }
      finish(run, writers);
      current = undefined;
      // the rest of the hour: rows may have arrived meanwhile, for example after the clock was set back
      if (first!.lastSeq > run.lastSeq) runs[0] = { ...first!, firstSeq: run.lastSeq + 1 };
      else runs.shift();
      return runs.length > 0;
    },
  };
}
