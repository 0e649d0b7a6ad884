import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { fileWriter, ParquetWriter, schemaFromColumnData, type BasicType } from 'hyparquet-writer';
import { isMetricKey, metricIndex, metricOf, type Metric } from '../metrics.ts';
import { createFrame, hasValue } from '../reading.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import type { ExchangedSample } from './format.ts';
import { exportHeader, headerOf, HISTORY_FORMAT } from './jsonl.ts';
import { putReadings, reasonsText, statesText } from './states-text.ts';

/** Rows that are kept in memory before they are written: a row group. */
const GROUP_ROWS = 20_000;

type Field = {
  readonly name: string;
  readonly type: BasicType;
  readonly of: (sample: ExchangedSample) => string | number | bigint | Date | null;
};

const fieldsOf = (metrics: readonly Metric[]): Field[] => [
  { name: 'time', type: 'TIMESTAMP', of: ({ sample }) => new Date(sample.tsMs) },
  { name: 'gpu', type: 'STRING', of: ({ gpu }) => gpu.uuid },
  { name: 'dtMs', type: 'DOUBLE', of: ({ sample }) => sample.dtMs ?? null },
  ...metrics.map(({ key }): Field => {
    const i = metricIndex[key];
    return {
      name: key,
      type: 'DOUBLE',
      of: ({ sample: { frame } }) => (hasValue(frame, i) ? frame.values[i]! : null),
    };
  }),
  { name: 'states', type: 'STRING', of: ({ sample }) => statesText(sample.frame, metrics) },
  { name: 'reasons', type: 'STRING', of: ({ sample }) => reasonsText(sample.frame, metrics) },
];

export type SampleWriter = { readonly write: (sample: ExchangedSample) => void; readonly end: () => void };

/** Writes a Parquet file, a row group at a time. Units are part of the column names; null where there was no value. */
export function openParquetWriter(
  file: string,
  gpus: readonly GpuIdentity[],
  metrics: readonly Metric[],
): SampleWriter {
  const fields = fieldsOf(metrics);
  const empty = fields.map(({ name, type }) => ({ name, type, data: [] as unknown[], nullable: true }));
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: schemaFromColumnData({ columnData: empty }),
    kvMetadata: [{ key: HISTORY_FORMAT, value: headerOf(gpus, metrics) }],
    createdBy: 'Slowburn',
  });
  let rows: ExchangedSample[] = [];
  function flush(): void {
    if (rows.length === 0) return;
    const columnData = fields.map(({ name, type, of }) => ({ name, type, nullable: true, data: rows.map(of) }));
    void writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    rows = [];
  }
  return {
    write(sample) {
      if (rows.push(sample) === GROUP_ROWS) flush();
    },
    end() {
      flush();
      void writer.finish();
    },
  };
}

/** Samples of a Parquet file of ours, a row group at a time, undefined for a row that is damaged; undefined: it is not one. */
export async function openParquetReader(
  path: string,
): Promise<{ readonly rows: number; readonly samples: AsyncIterable<ExchangedSample | undefined> } | undefined> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const text = metadata.key_value_metadata?.find(({ key }) => key === HISTORY_FORMAT)?.value;
  const header = exportHeader.safeParse(JSON.parse(text ?? 'null'));
  if (!header.success) return undefined;
  const gpus = new Map(header.data.gpus.map((gpu) => [gpu.uuid, gpu as GpuIdentity]));
  const keys = header.data.metrics;
  const columns = keys.map((key) => (isMetricKey(key) ? metricOf(key) : undefined));
  const rows = Number(metadata.num_rows);

  async function* samples(): AsyncIterable<ExchangedSample | undefined> {
    for (let rowStart = 0; rowStart < rows; rowStart += GROUP_ROWS) {
      const part = await parquetReadObjects({
        file,
        metadata,
        rowStart,
        rowEnd: Math.min(rows, rowStart + GROUP_ROWS),
      });
      for (const row of part as Record<string, unknown>[]) {
        const gpu = gpus.get(row['gpu'] as string);
        const frame = createFrame();
        const valueOf = (column: number) => (row[keys[column]!] as number | null) ?? undefined;
        const whole = putReadings(frame, columns, valueOf, row['states'] as string, row['reasons'] as string);
        const dtMs = (row['dtMs'] as number | null) ?? null;
        yield gpu && whole ? { gpu, sample: { tsMs: (row['time'] as Date).getTime(), dtMs, frame } } : undefined;
      }
    }
  }
  return { rows, samples: samples() };
}
