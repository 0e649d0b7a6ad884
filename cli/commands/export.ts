import path from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { text } from '../../app/core/i18n.ts';
import { err, ok, type Result } from '../../app/core/result.ts';
import { exportFormats, type ExportFormat } from '../../app/exchange/format.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { isMetricKey, metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { createStore } from '../../app/recorder/store.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { historyOf, type FileOptions } from '../history-file.ts';
import { concluded, runJob } from '../job.ts';
import { momentOption } from '../options.ts';
import { historyOptions, targetArgument } from '../shared-options.ts';

export type ExportOptions = FileOptions & {
  readonly format?: ExportFormat;
  readonly from?: number;
  readonly to?: number;
  readonly metrics?: readonly MetricKey[];
  readonly gpu?: string;
};

export function metricsOption(given: string): MetricKey[] {
  const keys = given.split(',').map((key) => key.trim());
  const unknown = keys.find((key) => !isMetricKey(key));
  if (unknown !== undefined) {
    const known = metrics.map(({ key }) => key).join(', ');
    throw new InvalidArgumentError(text('cli.refused.metric', { key: unknown, keys: known }));
  }
  return keys.filter(isMetricKey);
}

/** The UUIDs of the GPU that a person means: by UUID, start of a UUID, or index. Empty: all GPUs. */
function gpuUuids(databaseFile: string, wanted: string | undefined): Result<readonly string[]> {
  if (wanted === undefined) return ok([]);
  const opened = openForReading(databaseFile);
  if (!opened.ok) return opened;
  const store = createStore(opened.value);
  const gpus = store.gpus.list();
  store.close();
  const found = gpus.filter(({ uuid, index }) => uuid.startsWith(wanted) || String(index) === wanted);
  if (wanted !== '' && found.length > 0) return ok(found.map(({ uuid }) => uuid));
  const known = gpus.map(({ index, uuid }) => `${index} ${uuid}`).join(', ');
  return err('not-found', text('cli.export.noGpu', { gpu: wanted }), text('cli.history.gpus', { gpus: known }));
}

const formatOf = (file: string): ExportFormat | undefined =>
  exportFormats.find((format) => path.extname(file).toLowerCase() === `.${format}`);

async function exportTo(target: string, options: ExportOptions): Promise<Result<number>> {
  const file = historyOf(options);
  if (!file.ok) return file;
  const { from: fromMs = -8.64e15, to: toMs = 8.64e15 } = options;
  if (fromMs >= toMs) return err('invalid-argument', text('cli.export.emptyRange'), text('cli.export.emptyRangeNext'));
  const format = options.format ?? formatOf(target);
  if (format === undefined)
    return err('invalid-argument', text('cli.export.noFormat', { target }), text('cli.export.noFormatNext'));
  const uuids = gpuUuids(file.value, options.gpu);
  if (!uuids.ok) return uuids;
  return runJob({
    kind: 'export',
    databaseFile: file.value,
    request: {
      format,
      target: path.resolve(target),
      fromMs,
      toMs,
      metrics: options.metrics ?? [],
      gpuUuids: uuids.value,
    },
  });
}

/** `slowburn export FILE`: writes samples as CSV, JSON lines or Parquet. */
export const exportSamples = {
  description: () => text('cli.export.description'),
  arguments: () => [targetArgument()],
  options: () => [
    ...historyOptions(),
    new Option('--format <format>', text('cli.export.format')).choices(exportFormats),
    new Option('--from <when>', text('cli.export.from')).argParser(momentOption),
    new Option('--to <when>', text('cli.export.to')).argParser(momentOption),
    new Option('--metrics <list>', text('cli.export.metrics')).argParser(metricsOption),
    new Option('--gpu <gpu>', text('cli.export.gpu')),
  ],
  async run(target: string, options: ExportOptions): Promise<number> {
    return concluded(await exportTo(target, options), (samples) => [
      text('cli.export.done', { samples: formatterOf().number(samples), target }),
    ]);
  },
} satisfies Command;
