import path from 'node:path';
import { refuseInput } from '../core/read-input.node.ts';
import { err, ok, type Result } from '../core/result.ts';
import { openLog, readLog, surveyLog, type LogFile } from '../telemetry/logs/file.node.ts';
import type { LogSink } from '../telemetry/logs/log.ts';
import { ambiguousDates, createStamps, type DateOrder } from '../telemetry/logs/stamps.ts';
import { createColumns, wearReadings, type WearColumns, type WearReading } from './columns.ts';
import { sensorsIn } from './export.ts';
import { text } from '../core/i18n.ts';
import { createExposure, cutColumns, putFrame, type RunningExposure } from './replay.ts';

/** One card of a trace. */
export type TracedCard = {
  readonly gpu: string;
  readonly name: string;
  readonly exposure: RunningExposure;
  readonly sensors: readonly WearReading[];
  readonly samples: number;
};

export type Trace = {
  readonly cards: readonly TracedCard[];
  /** number of unreadable lines, and the first of them */
  readonly badCount: number;
  readonly firstBad: { readonly line: number; readonly why: string } | undefined;
  /** columns that the model does not use */
  readonly notTaken: readonly string[];
  /** the date order that was used, where the dates of the file are ambiguous */
  readonly dateOrder: DateOrder | undefined;
};

export type TraceOptions = {
  /** longer than this between two samples, ms, or backwards: unobserved */
  readonly gapMs: number;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** the order of day, month and year in dates, where the file leaves it open */
  readonly dateOrder?: DateOrder | undefined;
};

const CHUNK = 4096;

/** Gathers the samples of one card in chunks, with the time between them by their stamps. */
function createCard(gapMs: number) {
  const exposure = createExposure();
  const sensors = new Set<WearReading>();
  let columns = createColumns(CHUNK);
  let [length, samples] = [0, 0];
  let lastMs = Number.NaN;
  const flush = (): void => {
    const part: WearColumns = length === CHUNK ? columns : cutColumns(columns, length);
    exposure.feed(part);
    sensorsIn(part).forEach((key) => sensors.add(key));
    columns = createColumns(CHUNK);
    length = 0;
  };
  return {
    add(tsMs: number, frame: Parameters<typeof putFrame>[4]): void {
      const step = tsMs - lastMs;
      putFrame(columns, length++, tsMs, step >= 0 && step <= gapMs ? step : undefined, frame);
      lastMs = tsMs;
      samples++;
      if (length === CHUNK) flush();
    },
    end(): Pick<TracedCard, 'exposure' | 'sensors' | 'samples'> {
      if (length > 0) flush();
      return { exposure, sensors: wearReadings.filter((key) => sensors.has(key)), samples };
    },
  };
}

type Dates = {
  readonly order: DateOrder;
  readonly isOpen: boolean;
  readonly lastLines: readonly string[];
};

/** The order of a log's dates. Where it is open and all rows are of one day, any will do: the steps are the same in all. */
async function datesOf(log: LogFile, wanted: DateOrder | undefined, signal: AbortSignal): Promise<Result<Dates>> {
  if (!log.needsSurvey) return ok({ order: wanted ?? 'ymd', isOpen: false, lastLines: [] });
  const survey = await surveyLog(log, Date.now(), () => undefined, signal);
  if (!survey.ok) return survey;
  const { dates, lastLines } = survey.value;
  const orders = dates.orders();
  const isOpen = wanted === undefined && orders.length > 1;
  if (isOpen && dates.severalDays()) return { ok: false, error: ambiguousDates(log.file, dates) };
  return ok({ order: wanted ?? orders[0] ?? 'ymd', isOpen, lastLines });
}

/** Reads a log in its format. The caller decides whether the content is usable. */
async function readAs(
  log: LogFile,
  { gapMs, fromMs = -Infinity, toMs = Infinity, dateOrder }: TraceOptions,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Result<Trace>> {
  const dates = await datesOf(log, dateOrder, signal);
  if (!dates.ok) return dates;
  const { order, isOpen, lastLines } = dates.value;
  const cards = new Map<string, { readonly name: string; readonly card: ReturnType<typeof createCard> }>();
  const notTaken: string[] = [];
  let badCount = 0;
  let firstBad: Trace['firstBad'];
  const sink: LogSink = {
    sample(_line, gpu, tsMs, frame) {
      if (tsMs < fromMs || tsMs > toMs) return;
      let traced = cards.get(gpu.key);
      if (!traced)
        cards.set(gpu.key, (traced = { name: gpu.name ?? path.basename(log.file), card: createCard(gapMs) }));
      traced.card.add(tsMs, frame);
    },
    bad(line, why) {
      badCount++;
      firstBad ??= { line, why };
    },
    notTaken: (column) => void notTaken.push(column),
    refuse: () => undefined, // readLog listens for it
  };
  const read = await readLog(
    log,
    { sink, stamp: createStamps(), order, lastLines },
    (bytes) => onProgress(bytes / Math.max(1, log.sizeBytes)),
    signal,
  );
  if (!read.ok) return err(read.error.code, `${log.file}: ${read.error.message}`, read.error.next);
  if (cards.size === 0) {
    return err(
      'recording-unreadable',
      firstBad
        ? text('wear.trace.noGoodLine', { file: log.file, count: badCount, ...firstBad })
        : text('wear.trace.noSample', { file: log.file }),
    );
  }
  const ended = [...cards].map(([key, { name, card }], i) => ({
    gpu: key === '' ? String(i) : key,
    name,
    ...card.end(),
  }));
  if (ended.every(({ sensors }) => !sensors.includes('coreTempC'))) {
    return err(
      'recording-unreadable',
      text('wear.trace.noReading', { file: log.file }),
      text('wear.trace.noTraceNext'),
    );
  }
  return ok({
    cards: ended,
    badCount,
    firstBad,
    notTaken,
    dateOrder: isOpen ? order : undefined,
  });
}

/**
 * Reads a trace: nvidia-smi's CSV, text or XML, a Slowburn recording, a log that can be imported, or a CSV with a time
 * and a core temperature. Memory does not grow with the file.
 */
export async function readTrace(
  file: string,
  options: TraceOptions,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Result<Trace>> {
  const refused = refuseInput(file);
  if (refused) return refused;
  const opened = await openLog(file);
  if (opened.ok) return readAs(opened.value, options, onProgress, signal);
  // for an unknown format, openLog lists what can be imported; a trace needs a temperature too
  return opened.error.next === undefined
    ? opened
    : err(opened.error.code, `${file}: ${text('wear.trace.noTrace')}`, text('wear.trace.noTraceNext'));
}
