import { text } from '../core/i18n.ts';
import { linesOf, type Line } from '../core/lines.node.ts';
import { csvReader, isOpenLine } from './csv.ts';
import { DamagedExport } from './damaged-export.ts';
import type { ExchangedSample } from './format.ts';
import { exportHeader, jsonReader } from './jsonl.ts';
import { createLineVerifier, csvRows, jsonRows, type CheckedRows } from './line-checks.node.ts';

/** Longer than a row of all metrics: a quote that is never closed must not swallow the file. */
const LONGEST_ROW = 16_384;

type RowReader = {
  readonly rows: CheckedRows;
  readonly checked: boolean;
  readonly line: (row: string) => ExchangedSample | undefined;
  /** a quoted cell of the row continues in the next line */
  readonly isOpen: (row: string) => boolean;
};

/** @param first the first row, which says whether the rows of a JSON lines export carry checks */
function readerFor(header: string, first: string): RowReader | undefined {
  if (!header.startsWith('{')) {
    const csv = csvReader(header);
    return csv && { ...csv, rows: csvRows, isOpen: (row) => row.length < LONGEST_ROW && isOpenLine(row) };
  }
  try {
    const parsed = exportHeader.safeParse(JSON.parse(header));
    if (!parsed.success) return undefined;
    const checked = jsonRows.split(first) !== undefined;
    return { rows: jsonRows, checked, line: jsonReader(parsed.data), isOpen: () => false };
  } catch {
    return undefined; // not JSON: not ours
  }
}

/** Lines one at a time, with the bytes that were read for them. */
async function* eachLine(descriptor: number, onProgress: (bytes: number) => void): AsyncGenerator<Line> {
  for await (const lines of linesOf(descriptor, { onProgress })) {
    for (const line of lines) {
      if (typeof line === 'number') throw new DamagedExport(text('exchange.longLine', { line }));
      yield line;
    }
  }
}

async function firstTwo(descriptor: number): Promise<readonly [header: string, first: string]> {
  const lines: string[] = [];
  for await (const line of eachLine(descriptor, () => undefined)) if (lines.push(line.text) === 2) break;
  return [lines[0] ?? '', lines[1] ?? ''];
}

export type LineExport = {
  readonly checked: boolean;
  /** verifies each row before returning it; throws DamagedExport */
  readonly samples: () => AsyncIterable<ExchangedSample>;
  readonly bytesRead: () => number;
};

/** Opens a CSV or JSON lines export; undefined if Slowburn did not write it. Throws DamagedExport. */
export async function openLineReader(descriptor: number): Promise<LineExport | undefined> {
  const [header, first] = await firstTwo(descriptor);
  const reader = readerFor(header, first);
  if (!reader) return undefined;
  const { checked, isOpen, line: sampleOf, rows } = reader;
  let bytesRead = 0;

  async function* samples(): AsyncGenerator<ExchangedSample> {
    const verifier = createLineVerifier(header, rows);
    let open: string | undefined; // a CSV row whose quoted cell continues in the next line
    for await (const { text: line, number } of eachLine(descriptor, (bytes) => (bytesRead = bytes))) {
      if (number === 1) continue;
      const row: string = open === undefined ? line : `${open}\n${line}`;
      open = isOpen(row) ? row : undefined;
      if (open !== undefined || (row === '' && !checked)) continue;
      const sample = sampleOf(checked ? verifier.row(row, number) : row);
      if (!sample) throw new DamagedExport(text('exchange.unreadableLine', { line: number }));
      yield sample;
    }
    if (open !== undefined) throw new DamagedExport(text('exchange.openRow'));
    if (checked) verifier.end();
  }
  return { checked, samples, bytesRead: () => bytesRead };
}
