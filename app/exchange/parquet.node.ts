import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { parquetMetadataAsync, parquetReadObjects, snappyUncompress, type FileMetaData } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { ByteWriter, parquetWriteBuffer, ParquetWriter, schemaFromColumnData, type BasicType } from 'hyparquet-writer';
import { isMetricKey, metricIndex, metricOf, type Metric } from '../metrics/metrics.ts';
import { createFrame, hasValue } from '../metrics/frame.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import { text } from '../core/i18n.ts';
import { DamagedExport } from './damaged-export.ts';
import type { ExchangedSample } from './format.ts';
import { exportHeader, headerOf, HISTORY_FORMAT } from './jsonl.ts';
import { addPageChecksums, type ReadHeader } from './page-checksums.node.ts';
import { DIGEST_KEY, NO_DIGEST, putDigest } from './parquet-digest.node.ts';
import { putReadings, reasonsText, statesText } from './states-text.ts';

/** Rows per row group: kept in memory until they are written. */
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

export type SampleWriter = {
  readonly write: (sample: ExchangedSample) => void;
  readonly end: () => void;
  /** Closes the file of a cancelled or failed export. */
  readonly abandon: () => void;
};

export const readPageHeader: ReadHeader = (bytes, at) => {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: at };
  const size = parquetHeader(reader).compressed_page_size;
  return { start: reader.offset, size };
};

/**
 * Writes a Parquet file, a row group at a time. Units are part of the column names; null where there was no value. Each
 * page has a CRC-32, and the footer states the digest of the whole file.
 */
export function openParquetWriter(
  file: string,
  gpus: readonly GpuIdentity[],
  metrics: readonly Metric[],
): SampleWriter {
  const fields = fieldsOf(metrics);
  const empty = fields.map(({ name, type }) => ({ name, type, data: [] as unknown[], nullable: true }));
  const handle = fs.openSync(file, 'w');
  const hash = createHash('sha256');
  const pending = new ByteWriter(); // what is not in the file yet
  let written = 0;
  const writer = new ParquetWriter({
    writer: pending,
    schema: schemaFromColumnData({ columnData: empty }),
    kvMetadata: [
      { key: HISTORY_FORMAT, value: headerOf(gpus, metrics) },
      { key: DIGEST_KEY, value: NO_DIGEST },
    ],
    createdBy: 'Slowburn',
  });
  let rows: ExchangedSample[] = [];
  function flush(): void {
    if (rows.length === 0) return;
    const columnData = fields.map(({ name, type, of }) => ({ name, type, nullable: true, data: rows.map(of) }));
    void writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    rows = [];
    const indexes = writer.pendingIndexes.slice(-fields.length).map(({ offsetIndex }) => offsetIndex);
    const bytes = addPageChecksums(readPageHeader, pending.getBytes(), written, writer.row_groups.at(-1)!, indexes);
    hash.update(bytes);
    fs.writeFileSync(handle, bytes); // all of it: a disk that is nearly full takes a part at first
    written += bytes.length;
    pending.index = 0;
    pending.offset = written;
  }
  return {
    write(sample) {
      if (rows.push(sample) === GROUP_ROWS) flush();
    },
    end() {
      flush();
      void writer.finish();
      const last = Buffer.from(pending.getBytes());
      putDigest(hash, last);
      fs.writeFileSync(handle, last);
      fs.closeSync(handle);
    },
    abandon: () => fs.closeSync(handle),
  };
}

/** A small table as a Parquet file, in which every value may be null. */
export const parquetTable = (
  columns: readonly { readonly name: string; readonly type: BasicType; readonly data: unknown[] }[],
): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData: columns.map((column) => ({ ...column, nullable: true })) }));

/** Limit for a decompressed page. Slowburn writes pages of 1 MiB; a dictionary holds the texts of a row group. */
const LARGEST_PAGE = 64 * 2 ** 20;

function decompress(input: Uint8Array, size: number): Uint8Array {
  if (!(size >= 0 && size <= LARGEST_PAGE)) throw new DamagedExport(text('exchange.pageSize'));
  const output = new Uint8Array(size);
  snappyUncompress(input, output);
  return output;
}

/** Whether the sizes in a footer are possible in a file that Slowburn wrote. The reader allocates memory by them. */
function isPlausible({ row_groups, num_rows }: FileMetaData, sizeBytes: number): boolean {
  const inFile = (from: bigint | undefined, length: bigint): boolean =>
    from === undefined || (from >= 0n && length >= 0n && from + length <= BigInt(sizeBytes));
  const rows = row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
  return (
    rows === num_rows &&
    row_groups.every(
      (group) =>
        group.num_rows > 0n &&
        group.num_rows <= BigInt(GROUP_ROWS) &&
        group.columns.every(
          ({ meta_data: meta }) =>
            meta !== undefined &&
            meta.num_values === group.num_rows &&
            inFile(meta.data_page_offset, 0n) &&
            inFile(meta.dictionary_page_offset ?? meta.data_page_offset, meta.total_compressed_size),
        ),
    )
  );
}

export type ParquetExport = {
  readonly rows: number;
  /** a row group at a time; throws DamagedExport, or as hyparquet does */
  readonly samples: () => AsyncIterable<ExchangedSample>;
};

/** Opens a Parquet file whose digest was verified; undefined if Slowburn did not write it. Throws like `samples`. */
export async function openParquetReader(descriptor: number, sizeBytes: number): Promise<ParquetExport | undefined> {
  const file = {
    byteLength: sizeBytes,
    slice(from: number, to = sizeBytes): ArrayBuffer {
      if (!(from >= 0 && from <= to && to <= sizeBytes)) throw new DamagedExport(text('exchange.outside'));
      const buffer = new ArrayBuffer(to - from);
      if (fs.readSync(descriptor, new Uint8Array(buffer), 0, to - from, from) !== to - from)
        throw new DamagedExport(text('exchange.shortened'));
      return buffer;
    },
  };
  const metadata = await parquetMetadataAsync(file);
  const about = metadata.key_value_metadata?.find(({ key }) => key === HISTORY_FORMAT)?.value;
  const header = exportHeader.safeParse(JSON.parse(about ?? 'null'));
  if (!header.success) return undefined;
  if (!isPlausible(metadata, sizeBytes)) throw new DamagedExport(text('exchange.footer'));
  const gpus = new Map(header.data.gpus.map((gpu) => [gpu.uuid, gpu as GpuIdentity]));
  const keys = header.data.metrics;
  const columns = keys.map((key) => (isMetricKey(key) ? metricOf(key) : undefined));

  function sampleOf(row: Record<string, unknown>): ExchangedSample {
    const gpu = gpus.get(row['gpu'] as string);
    const frame = createFrame();
    const valueOf = (column: number) => (row[keys[column]!] as number | null) ?? undefined;
    const whole = putReadings(frame, columns, valueOf, row['states'] as string, row['reasons'] as string);
    if (!gpu || !whole) throw new DamagedExport(text('exchange.unreadableRow'));
    const dtMs = (row['dtMs'] as number | null) ?? null;
    return { gpu, sample: { tsMs: (row['time'] as Date).getTime(), dtMs, frame } };
  }

  return {
    rows: Number(metadata.num_rows),
    async *samples() {
      let rowStart = 0;
      for (const { num_rows } of metadata.row_groups) {
        const rowEnd = rowStart + Number(num_rows);
        const part = await parquetReadObjects({
          file,
          metadata,
          rowStart,
          rowEnd,
          compressors: { SNAPPY: decompress },
        });
        if (part.length !== rowEnd - rowStart) throw new DamagedExport(text('exchange.rowGroup'));
        for (const row of part as Record<string, unknown>[]) yield sampleOf(row);
        rowStart = rowEnd;
      }
    },
  };
}
