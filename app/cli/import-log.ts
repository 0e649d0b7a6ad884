import type { Store } from '../history/store.ts';
import type { MetricKey } from '../metrics.ts';
import { ok, type Result } from '../result.ts';
import { readLog, type LogFile } from '../telemetry/logs/file.node.ts';
import { createIntake, type LogSample } from '../telemetry/logs/intake.ts';
import type { LogGpu, LogSink } from '../telemetry/logs/log.ts';
import { createStamps, type DateOrder } from '../telemetry/logs/stamps.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import type { ImportedWear } from '../wear/imported.ts';
import { identify } from './import-gpu.ts';

export type ImportedGpu = {
  readonly gpu: GpuIdentity;
  added: number;
  duplicate: number;
  fromMs: number;
  toMs: number;
};

/** What came of one file. */
export type ImportedLog = {
  readonly gpus: readonly ImportedGpu[];
  readonly taken: readonly MetricKey[];
  readonly notTaken: readonly string[];
  /** the first lines that could not be read, and how many there were */
  readonly bad: readonly { readonly line: number; readonly why: string }[];
  readonly badCount: number;
};

export type ImportRequest = {
  readonly log: LogFile;
  readonly order: DateOrder;
  readonly lastLines: readonly string[];
  readonly utcOffsetMs: number | undefined;
  readonly gpuName: string | undefined;
  readonly nowMs: number;
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
};

const BATCH = 1000; // samples a transaction: a fraction of a second, so Ctrl-C is answered and others are let in
const NAMED_BAD_LINES = 10;

/**
 * Reads a log into the history. Each batch is one transaction of samples, roll-ups and wear: whenever it is cut short,
 * what was written is whole. Memory does not grow with the file.
 */
export async function importLog(
  store: Store,
  wear: ImportedWear,
  request: ImportRequest,
): Promise<Result<ImportedLog>> {
  const { log, order, lastLines, utcOffsetMs, gpuName, nowMs, onProgress, signal } = request;
  const gpus = new Map<string, ImportedGpu & { batch: LogSample[] }>();
  const notTaken = new Set<string>();
  const bad: { line: number; why: string }[] = [];
  let badCount = 0;
  let waiting = 0;
  let refused: Result<never> | undefined;
  const stop = new AbortController();

  function flush(): void {
    for (const card of gpus.values()) {
      if (card.batch.length === 0) continue;
      const imported = store.atomically(() => {
        const result = store.importSamples(card.gpu, card.batch);
        wear.absorb(result);
        return result;
      });
      card.added += imported.added.length;
      card.duplicate += imported.duplicate;
      card.batch = [];
    }
    waiting = 0;
  }

  function take(gpu: LogGpu, sample: LogSample): void {
    if (refused) return;
    let card = gpus.get(gpu.key);
    if (!card) {
      const identity = identify(gpu, store.gpus.list(), gpuName, gpus.size);
      if (!identity.ok) {
        refused = identity;
        return stop.abort();
      }
      card = { gpu: identity.value, added: 0, duplicate: 0, fromMs: Infinity, toMs: -Infinity, batch: [] };
      gpus.set(gpu.key, card);
    }
    card.fromMs = Math.min(card.fromMs, sample.tsMs);
    card.toMs = Math.max(card.toMs, sample.tsMs);
    card.batch.push(sample);
    if (++waiting >= BATCH) flush();
  }

  const note: LogSink['bad'] = (line, why) => {
    badCount++;
    if (bad.length < NAMED_BAD_LINES) bad.push({ line, why });
  };
  const intake = createIntake(nowMs, take, note);
  const read = await readLog(
    log,
    {
      sink: {
        sample: intake.sample,
        bad: note,
        notTaken: (column) => notTaken.add(column),
        refuse: () => undefined, // readLog listens for it
      },
      stamp: createStamps(utcOffsetMs),
      order,
      lastLines,
    },
    onProgress,
    AbortSignal.any([signal, stop.signal]),
  );
  if (refused) return refused;
  if (!read.ok) return read;
  flush();
  return ok({ gpus: [...gpus.values()], taken: intake.taken(), notTaken: [...notTaken], bad, badCount });
}
