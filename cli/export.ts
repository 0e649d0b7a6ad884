import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import { exportFormats, type ExportFormat } from '../app/exchange/format.ts';
import { openForReading } from '../app/history/file/database.node.ts';
import { createStore } from '../app/recorder/store.ts';
import { isMetricKey, metrics, type MetricKey } from '../app/metrics/metrics.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { historyOf, type FileOptions } from './history-file.ts';
import { concluded, runJob, terminal } from './job.ts';

export type ExportOptions = FileOptions & {
  readonly format?: ExportFormat;
  readonly from?: number;
  readonly to?: number;
  readonly metrics: readonly MetricKey[];
  readonly gpu?: string;
};

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/** A moment: an ISO date or time (local where it names no zone), or how long ago: 90m, 24h, 7d. */
export function momentOption(text: string): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  if (ago) return Date.now() - Number(ago[1]) * units[ago[2] as keyof typeof units];
  const [, day = '', time = '00:00', zone = ''] = ISO.exec(text) ?? [];
  const ms = Date.parse(`${day}T${time}${zone}`);
  // Date.parse takes February 30th for March 2nd
  const exists = day === new Date(Date.parse(`${day}T00:00Z`) || 0).toISOString().slice(0, 10);
  if (Number.isNaN(ms) || !exists)
    throw new InvalidArgumentError('Give a date (2026-03-01), a time (2026-03-01T18:00) or an age (24h, 7d).');
  return ms;
}

export function metricsOption(text: string): MetricKey[] {
  const keys = text.split(',').map((key) => key.trim());
  const unknown = keys.find((key) => !isMetricKey(key));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      `There is no metric ${unknown}. There are: ${metrics.map(({ key }) => key).join(', ')}.`,
    );
  }
  return keys.filter(isMetricKey);
}

/** The card that a person means: by UUID, the beginning of one, or its index. */
function gpuUuids(databaseFile: string, wanted: string | undefined): Result<readonly string[]> {
  if (wanted === undefined) return ok([]);
  const opened = openForReading(databaseFile);
  if (!opened.ok) return opened;
  const store = createStore(opened.value);
  const gpus = store.gpus.list();
  store.close();
  const found = gpus.filter(({ uuid, index }) => uuid.startsWith(wanted) || String(index) === wanted);
  if (wanted !== '' && found.length > 0) return ok(found.map(({ uuid }) => uuid));
  return err(
    'not-found',
    `There is no GPU ${wanted} in the history.`,
    `There are: ${gpus.map(({ index, uuid }) => `${index} ${uuid}`).join(', ')}.`,
  );
}

const formatOf = (file: string): ExportFormat | undefined =>
  exportFormats.find((format) => path.extname(file).toLowerCase() === `.${format}`);

/** `slowburn export FILE`: writes samples to CSV, JSON lines or Parquet. */
export async function exportCommand(target: string, options: ExportOptions): Promise<number> {
  const { t, format: numbers } = terminal();
  const file = historyOf(options);
  if (!file.ok) return concluded(file, () => []);
  const { from: fromMs = -8.64e15, to: toMs = 8.64e15 } = options;
  if (fromMs >= toMs) {
    return concluded(
      err('invalid-argument', '--from must be before --to.', 'An empty range has no samples.'),
      () => [],
    );
  }
  const format = options.format ?? formatOf(target);
  if (format === undefined) {
    const error = err('invalid-argument', `The format of ${target} cannot be told from its name.`, 'Add --format csv, jsonl or parquet.'); // prettier-ignore
    return concluded(error, () => []);
  }
  const uuids = gpuUuids(file.value, options.gpu);
  if (!uuids.ok) return concluded(uuids, () => []);
  const result = await runJob({
    kind: 'export',
    databaseFile: file.value,
    request: { format, target: path.resolve(target), fromMs, toMs, metrics: options.metrics, gpuUuids: uuids.value },
  });
  return concluded(result, (samples) => [t('db.exported', { samples: numbers.number(samples), target })]);
}
