import type { Import } from '../app/history/importer.ts';
import type { Store } from '../app/recorder/store.ts';
import type { MetricKey } from '../app/metrics/metrics.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { text } from '../app/core/i18n.ts';
import { readLog, type LogFile } from '../app/telemetry/logs/file.node.ts';
import { createIntake, type LogSample } from '../app/telemetry/logs/intake.ts';
import type { LogGpu, LogSink } from '../app/telemetry/logs/log.ts';
import { createStamps, type DateOrder } from '../app/telemetry/logs/stamps.ts';
import type { GpuIdentity } from '../app/telemetry/source.ts';
import { identify } from './import-gpu.ts';

export type ImportedGpu = {
  readonly gpu: GpuIdentity;
  added: number;
  duplicate: number;
  fromMs: number;
  toMs: number;
};

type BadLine = { readonly line: number; readonly why: string };

/** The result of importing one file. */
export type ImportedLog = {
  readonly gpus: readonly ImportedGpu[];
  readonly taken: readonly MetricKey[];
  readonly notTaken: readonly string[];
  /** the first lines that could not be read, and how many there were */
  readonly bad: readonly BadLine[];
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

const NAMED_BAD_LINES = 10;

/** Why a log gave no reading, in a sentence or two. */
function whyNothing(notTaken: ReadonlySet<string>, firstBad: BadLine | undefined, count: number): string {
  return [
    text('telemetry.log.nothing'),
    ...(notTaken.size > 0 ? [text('telemetry.log.nothingUnused', { names: [...notTaken].join(', ') })] : []),
    ...(firstBad ? [text('telemetry.log.nothingBad', { count, ...firstBad })] : []),
  ].join(' ');
}

/**
 * Imports a log into the history. Each hour is one transaction of samples and roll-ups, so an import that is interrupted
 * leaves only whole hours. Memory does not grow with the file.
 */
export async function importLog(store: Store, request: ImportRequest): Promise<Result<ImportedLog>> {
  const { log, order, lastLines, utcOffsetMs, gpuName, nowMs, onProgress, signal } = request;
  const gpus = new Map<string, ImportedGpu & { readonly running: Import }>();
  const notTaken = new Set<string>();
  const bad: BadLine[] = [];
  let badCount = 0;
  let refused: Result<never> | undefined;
  const stop = new AbortController();

  function take(gpu: LogGpu, sample: LogSample): void {
    if (refused) return;
    let card = gpus.get(gpu.key);
    if (!card) {
      const identity = identify(gpu, store.gpus.list(), gpuName, gpus.size);
      if (!identity.ok) {
        refused = identity;
        return stop.abort();
      }
      const running = store.beginImport(identity.value);
      card = { gpu: identity.value, added: 0, duplicate: 0, fromMs: Infinity, toMs: -Infinity, running };
      gpus.set(gpu.key, card);
    }
    card.fromMs = Math.min(card.fromMs, sample.tsMs);
    card.toMs = Math.max(card.toMs, sample.tsMs);
    card.running.add({ ...sample, dtMs: sample.dtMs ?? null });
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
  for (const card of gpus.values()) {
    const { added, duplicate } = card.running.end();
    card.added = added;
    card.duplicate = duplicate;
    // the next start counts the wear of this card again, with all of its history in chronological order
    if (added > 0) store.wear.forget(card.gpu.uuid);
  }
  if (refused) return refused;
  if (!read.ok) return read;
  if (gpus.size === 0 && !signal.aborted) return err('recording-unreadable', whyNothing(notTaken, bad[0], badCount));
  const imported = [...gpus.values()].map(({ gpu, added, duplicate, fromMs, toMs }) => ({
    gpu,
    added,
    duplicate,
    fromMs,
    toMs,
  }));
  return ok({ gpus: imported, taken: intake.taken(), notTaken: [...notTaken], bad, badCount });
}
