import { ok, type Result } from '../../core/result.ts';
import type { Frame } from '../../metrics/frame.ts';
import { csv, unclearCards } from '../logs/csv.ts';
import { csvDecoder, gpuOfRow, type CsvDecoder } from '../logs/csv-row.ts';
import type { LogGpu } from '../logs/log.ts';
import { datedIn } from '../logs/moments.ts';
import { ambiguousDates, createDateSurvey, createStamps, parseTime } from '../logs/stamps.ts';
import type { GpuIdentity, GpuSample } from '../source.ts';
import type { Recording } from './recording.ts';

/** Rows of one moment are at most this far apart: nvidia-smi reads one card after the other. */
const MOMENT_MS = 500;
/** Time between moments of a recording that has no times. */
const UNTIMED_MS = 1000;

/** Rows of a CSV as moments: each card once, all of them close together. */
function createMoments(name: string) {
  const identities = new Map<string, GpuIdentity>();
  const samples: { readonly tsMs: number; readonly gpus: GpuSample[] }[] = [];
  return {
    samples,
    /** @param tsMs undefined: the recording has no times */
    add: (card: LogGpu, tsMs: number | undefined, frame: Frame): void => {
      const uuid = card.uuid ?? card.pciBusId ?? (card.key === '' ? `FILE-${name}` : `FILE-${name}-${card.key}`);
      const gpu = identities.get(uuid) ?? {
        uuid,
        index: card.index ?? identities.size,
        name: card.name ?? name,
        pciBusId: card.pciBusId ?? '',
      };
      identities.set(uuid, gpu);
      const last = samples.at(-1);
      const isClose = last !== undefined && Math.abs((tsMs ?? last.tsMs) - last.tsMs) <= MOMENT_MS;
      if (isClose && !last.gpus.some((it) => it.gpu.uuid === uuid)) last.gpus.push({ gpu, frame });
      else if (!last) samples.push({ tsMs: tsMs ?? 0, gpus: [{ gpu, frame }] });
      else samples.push({ tsMs: Math.max(tsMs ?? last.tsMs + UNTIMED_MS, last.tsMs + 1), gpus: [{ gpu, frame }] });
    },
  };
}

/** A CSV without a column of times. */
function readUntimed(decoder: CsvDecoder, lines: readonly string[], name: string): Result<Recording> {
  const { samples, add } = createMoments(name);
  const models = new Set<string | undefined>();
  let unreadable = 0;
  for (const line of lines) {
    if (line.trim() === '') continue;
    const row = decoder.row(line);
    const gpu = row && gpuOfRow(row);
    if (!gpu || (decoder.identifies && gpu.key === '')) {
      unreadable++;
      continue;
    }
    models.add(row.name);
    add(gpu, undefined, row.frame);
  }
  if (!decoder.identifies && models.size > 1) return { ok: false, error: unclearCards() };
  return ok({ samples, unreadable, names: 'csv' });
}

/**
 * Plays a CSV with readings of GPUs, with or without times.
 * @param name shown for a card that the CSV does not name
 */
export function readCsv(text: string, name: string): Result<Recording> {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const decoder = csvDecoder(header);
  if (!decoder.ok) return decoder;
  if (!decoder.value.hasTime) return readUntimed(decoder.value, lines, name);
  const dates = createDateSurvey(Infinity);
  for (const line of lines) {
    const dated = datedIn(line);
    const timeMs = dated && parseTime(dated.time);
    if (timeMs !== undefined) dates.add(dated!.date, timeMs);
  }
  const orders = dates.orders();
  if (orders.length > 1 && dates.severalDays()) return { ok: false, error: ambiguousDates(name, dates) };
  const { samples, add } = createMoments(name);
  let unreadable = 0;
  let refused: Result<never> | undefined;
  const reader = csv.open({
    sink: {
      sample: (_line, gpu, tsMs, frame) => add(gpu, tsMs, frame),
      bad: () => unreadable++,
      notTaken: () => undefined,
      refuse: (error) => (refused ??= { ok: false, error }),
    },
    stamp: createStamps(),
    order: orders[0] ?? 'ymd',
    lastLines: [],
  });
  [header, ...lines].forEach((line, i) => reader.line(line, i + 1));
  reader.end();
  return refused ?? ok({ samples, unreadable, names: 'csv' });
}
