import fs from 'node:fs';
import path from 'node:path';
import { replaceFile } from '../core/atomic-write.node.ts';
import type { History } from '../history/history.ts';
import { metricOf, metrics, type Metric, type MetricKey } from '../metrics/metrics.ts';
import { text } from '../core/i18n.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { JobControl } from '../core/job-control.ts';
import { csvHeader, csvLine } from './csv.ts';
import type { ExchangedSample, ExportFormat } from './format.ts';
import { headerOf, jsonLine } from './jsonl.ts';
import { createLineChecks, csvRows, jsonRows, type CheckedRows } from './line-checks.node.ts';
import { openParquetWriter, type SampleWriter } from './parquet.node.ts';
import type { GpuIdentity } from '../telemetry/source.ts';

export type ExportRequest = {
  readonly format: ExportFormat;
  readonly target: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** all when empty */
  readonly metrics: readonly MetricKey[];
  /** all when empty */
  readonly gpuUuids: readonly string[];
};

const FLUSH_CHARACTERS = 1 << 20;
const LOOK_EVERY = 2000; // samples between two checks for cancellation

/** Writes rows with their checks, through a buffer of a megabyte. */
function openLineWriter(
  file: string,
  header: string,
  lineEnd: string,
  { join }: CheckedRows,
  lineOf: (sample: ExchangedSample) => string,
): SampleWriter {
  const handle = fs.openSync(file, 'w');
  const checks = createLineChecks(header);
  let pending = header + lineEnd;
  let row: string | undefined; // kept until the next one arrives, because the last row has another check
  const flush = (): void => {
    fs.writeFileSync(handle, pending); // all of it: a disk that is nearly full takes a part at first
    pending = '';
  };
  return {
    write(sample) {
      if (row !== undefined) pending += join(row, checks.next(row)) + lineEnd;
      row = lineOf(sample);
      if (pending.length >= FLUSH_CHARACTERS) flush();
    },
    end() {
      if (row !== undefined) {
        checks.next(row);
        pending += join(row, checks.last()) + lineEnd;
      }
      flush();
      fs.closeSync(handle);
    },
    abandon: () => fs.closeSync(handle),
  };
}

function openWriter(
  format: ExportFormat,
  file: string,
  gpus: readonly GpuIdentity[],
  chosen: readonly Metric[],
): SampleWriter {
  switch (format) {
    case 'csv':
      return openLineWriter(file, csvHeader(chosen), '\r\n', csvRows, (sample) => csvLine(sample, chosen)); // RFC 4180
    case 'jsonl':
      return openLineWriter(file, headerOf(gpus, chosen), '\n', jsonRows, (sample) => jsonLine(sample, chosen));
    case 'parquet':
      return openParquetWriter(file, gpus, chosen);
  }
}

/**
 * Exports samples, one GPU after the other and each by time, in constant memory. The file takes its name only when it is
 * complete; a cancelled or failed export leaves nothing.
 * @returns how many samples were written
 */
export function exportHistory(history: History, request: ExportRequest, control: JobControl): Result<number> {
  const { format, target, fromMs, toMs, gpuUuids } = request;
  const chosen = request.metrics.length > 0 ? request.metrics.map(metricOf) : metrics;
  const gpus = history.gpus.list().filter(({ uuid }) => gpuUuids.length === 0 || gpuUuids.includes(uuid));
  if (gpus.length === 0) return err('not-found', text('exchange.noGpu'));
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
  const extent = history.extent();
  const [first, end] = [Math.max(fromMs, extent?.fromMs ?? fromMs), Math.min(toMs, extent?.toMs ?? toMs)];
  let written = 0;
  let writer: SampleWriter | undefined;
  try {
    writer = openWriter(format, temporary, gpus, chosen);
    for (const [g, gpu] of gpus.entries()) {
      for (const { tsMs, dtMs, frame } of history.samplesBetween(gpu.uuid, fromMs, toMs)) {
        writer.write({ gpu, sample: { tsMs, dtMs: dtMs ?? null, frame } });
        if (++written % LOOK_EVERY !== 0) continue;
        control.progress(g + (tsMs - first) / Math.max(1, end - first), gpus.length);
        if (control.cancelled()) return err('cancelled', text('exchange.exportCancelled'));
      }
    }
    writer.end();
    writer = undefined;
    replaceFile(temporary, target);
    return ok(written);
  } finally {
    writer?.abandon();
    fs.rmSync(temporary, { force: true });
  }
}
