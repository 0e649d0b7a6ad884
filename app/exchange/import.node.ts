import fs from 'node:fs';
import readline from 'node:readline';
import type { Import, ImportCounts } from '../history/importer.ts';
import type { Store } from '../history/store.ts';
import type { JobControl } from '../jobs/job.ts';
import { err, ok, type Err, type Result } from '../result.ts';
import { csvReader, isOpenLine } from './csv.ts';
import type { ExchangedSample } from './format.ts';
import { exportHeader, jsonReader } from './jsonl.ts';
import { openParquetReader } from './parquet.node.ts';

export type ReadCounts = ImportCounts & { readonly unreadable: number };

const notOurs = (file: string): Err =>
  err('recording-unreadable', `${file} is not an export of Slowburn.`, 'Give a file that `slowburn export` wrote.');

function readerFor(header: string): ((line: string) => ExchangedSample | undefined) | undefined {
  if (!header.startsWith('{')) return csvReader(header)?.line;
  try {
    const parsed = exportHeader.safeParse(JSON.parse(header));
    return parsed.success ? jsonReader(parsed.data) : undefined;
  } catch {
    return undefined; // not JSON: not ours
  }
}

const isParquet = (file: string): boolean => {
  const handle = fs.openSync(file, 'r');
  const magic = Buffer.alloc(4);
  fs.readSync(handle, magic, 0, 4, 0);
  fs.closeSync(handle);
  return magic.toString('latin1') === 'PAR1';
};

/** Why a file cannot even be begun; undefined: it can. */
function refuseSource(file: string): Err | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat) return err('not-found', `There is no file ${file}.`);
  return stat.isFile() ? undefined : notOurs(file);
}

const LOOK_EVERY = 2000;
/** Longer than a line of all metrics: a quote that is never closed must not swallow the file. */
const LONGEST_LINE = 16_384;

/**
 * Reads an export of ours (CSV, JSON lines or Parquet, told by its content) into a history, which then gives the same
 * samples to the bit. What is there already is not added again. Cancelled, it keeps the hours that were complete.
 */
export async function importExport(store: Store, file: string, control: JobControl): Promise<Result<ReadCounts>> {
  const refused = refuseSource(file);
  if (refused) return refused;
  const running = new Map<string, Import>();
  let unreadable = 0;
  let samples = 0;
  /** True when it is time to look at progress and cancel. */
  function take(exchanged: ExchangedSample | undefined): boolean {
    if (!exchanged) {
      unreadable++;
      return false;
    }
    const { gpu, sample } = exchanged;
    let into = running.get(gpu.uuid);
    if (!into) running.set(gpu.uuid, (into = store.beginImport(gpu)));
    into.add(sample);
    return ++samples % LOOK_EVERY === 0;
  }
  const cancelled = err('cancelled', 'The import was cancelled. What was imported so far is kept.');

  if (isParquet(file)) {
    let opened: Awaited<ReturnType<typeof openParquetReader>>;
    try {
      opened = await openParquetReader(file);
    } catch {
      return err('recording-unreadable', `${file} is damaged or was not written to its end.`, 'Export it again.');
    }
    if (!opened) return notOurs(file);
    for await (const sample of opened.samples) {
      if (!take(sample)) continue;
      control.progress(samples, opened.rows);
      if (control.cancelled()) return cancelled;
    }
  } else {
    const bytes = fs.statSync(file).size;
    const input = fs.createReadStream(file);
    let read: ReturnType<typeof readerFor>;
    let csv = false;
    let open: string | undefined; // a CSV line whose quoted cell goes on
    for await (const line of readline.createInterface({ input, crlfDelay: Infinity })) {
      if (!read) {
        read = readerFor(line);
        if (!read) return notOurs(file);
        csv = !line.startsWith('{');
        continue;
      }
      const whole: string = open === undefined ? line : `${open}\n${line}`;
      open = csv && whole.length < LONGEST_LINE && isOpenLine(whole) ? whole : undefined;
      if (whole === '' || open !== undefined) continue;
      if (take(read(whole))) {
        control.progress(input.bytesRead, bytes);
        if (control.cancelled()) return cancelled;
      }
    }
    if (!read) return notOurs(file);
    if (open !== undefined) unreadable++;
  }
  const counts = [...running.values()].map((into) => into.end());
  return ok({
    added: counts.reduce((sum, { added }) => sum + added, 0),
    duplicate: counts.reduce((sum, { duplicate }) => sum + duplicate, 0),
    unreadable,
  });
}
