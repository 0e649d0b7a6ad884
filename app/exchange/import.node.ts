import fs from 'node:fs';
import { openInput } from '../core/read-input.node.ts';
import type { Import, ImportCounts } from '../history/importer.ts';
import type { History } from '../history/history.ts';
import type { JobControl } from '../core/job-control.ts';
import { err, ok, type Err, type Result } from '../core/result.ts';
import { DamagedExport } from './damaged-export.ts';
import type { ExchangedSample } from './format.ts';
import { HISTORY_FORMAT } from './jsonl.ts';
import { openLineReader } from './line-reader.node.ts';
import { verifyDigest } from './parquet-digest.node.ts';
import { openParquetReader } from './parquet.node.ts';

export type ImportOptions = {
  /** take a CSV or JSON lines file that carries no checks, as an earlier version or another program wrote it */
  readonly unverified?: boolean;
};

const LOOK_EVERY = 2000;

const notOurs = (file: string): Err =>
  err('recording-unreadable', `${file} is not an export of Slowburn.`, 'Give a file that `slowburn export` wrote.');

const damaged = (file: string, why: string): Err =>
  err(
    'recording-unreadable',
    `The export ${file} is damaged: ${why}. Nothing was imported.`,
    'Export it again, or take another copy of the file.',
  );

const unchecked = (file: string, next: string): Err =>
  err(
    'recording-unreadable',
    `${file} carries no checks, so Slowburn cannot tell whether it is as it was written. Nothing was imported.`,
    next,
  );

const CANCELLED = err('cancelled', 'The import was cancelled. What was imported so far is kept.');

/** A verified export, to be read more than once. */
type ExportFile = {
  /** throws DamagedExport, or as a decoder does on what it cannot read */
  readonly samples: () => AsyncIterable<ExchangedSample>;
  /** how much of it was read so far, 0–1 */
  readonly share: (samples: number) => number;
};

async function openParquet(
  file: string,
  descriptor: number,
  sizeBytes: number,
  control: JobControl,
): Promise<Result<ExportFile>> {
  switch (verifyDigest(descriptor, sizeBytes, HISTORY_FORMAT, control.cancelled)) {
    case 'cancelled':
      return CANCELLED;
    case 'damaged':
      return damaged(file, 'it does not match its own digest');
    case 'foreign':
      return notOurs(file);
    case 'without':
      return unchecked(file, 'Export it again with this version of Slowburn, which adds them.');
    case 'whole': {
      const opened = await openParquetReader(descriptor, sizeBytes);
      return opened
        ? ok({ samples: opened.samples, share: (samples) => samples / Math.max(1, opened.rows) })
        : notOurs(file);
    }
  }
}

async function openLines(
  file: string,
  descriptor: number,
  sizeBytes: number,
  { unverified }: ImportOptions,
): Promise<Result<ExportFile>> {
  const opened = await openLineReader(descriptor);
  if (!opened) return notOurs(file);
  if (!opened.checked && !unverified)
    return unchecked(file, 'Export it again with this version of Slowburn, or take it as it is with --unverified.');
  return ok({ samples: opened.samples, share: () => opened.bytesRead() / Math.max(1, sizeBytes) });
}

function isParquet(descriptor: number): boolean {
  const magic = Buffer.alloc(4);
  fs.readSync(descriptor, magic, 0, magic.length, 0);
  return magic.toString('latin1') === 'PAR1';
}

/**
 * Reads an export of ours (CSV, JSON lines or Parquet, told by its content) into a history, which then gives the same
 * samples to the bit. All of it is read and verified before the first sample is written: a damaged file adds nothing.
 * What is there already is not added again. Cancelled while it writes, it keeps the hours that were complete.
 */
export async function importExport(
  history: History,
  file: string,
  control: JobControl,
  options: ImportOptions = {},
): Promise<Result<ImportCounts>> {
  const input = openInput(file);
  if (!input.ok) return input;
  const { descriptor, sizeBytes } = input.value;
  const { mtimeMs } = fs.fstatSync(descriptor);

  /** Gives all samples of the file to `take`. @returns false when it was cancelled */
  async function readAll(opened: ExportFile, pass: 0 | 1, take: (sample: ExchangedSample) => void): Promise<boolean> {
    let samples = 0;
    for await (const sample of opened.samples()) {
      take(sample);
      if (++samples % LOOK_EVERY !== 0) continue;
      control.progress(pass + opened.share(samples), 2);
      if (control.cancelled()) return false;
    }
    return true;
  }

  try {
    const open = isParquet(descriptor)
      ? await verifying(file, () => openParquet(file, descriptor, sizeBytes, control))
      : await verifying(file, () => openLines(file, descriptor, sizeBytes, options));
    if (!open.ok) return open;
    const read = await verifying(file, async () => ok(await readAll(open.value, 0, () => undefined)));
    if (!read.ok) return read;
    if (!read.value) return CANCELLED;
    const now = fs.fstatSync(descriptor);
    if (now.size !== sizeBytes || now.mtimeMs !== mtimeMs) return damaged(file, 'it changed while it was read');

    const running = new Map<string, Import>();
    const whole = await readAll(open.value, 1, ({ gpu, sample }) => {
      let into = running.get(gpu.uuid);
      if (!into) running.set(gpu.uuid, (into = history.beginImport(gpu)));
      into.add(sample);
    });
    if (!whole) return CANCELLED;
    const counts = [...running.values()].map((into) => into.end());
    return ok({
      added: counts.reduce((sum, { added }) => sum + added, 0),
      duplicate: counts.reduce((sum, { duplicate }) => sum + duplicate, 0),
    });
  } catch (thrown) {
    if (!(thrown instanceof DamagedExport)) throw thrown;
    const message = `The export ${file} changed while it was imported. What was imported so far is kept.`;
    return err('recording-unreadable', message, 'Import it again: what is there already is not added again.');
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Nothing is written yet: whatever is thrown here is about the file, not about the history. */
async function verifying<T>(file: string, read: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await read();
  } catch (thrown) {
    return damaged(file, thrown instanceof DamagedExport ? thrown.message : 'it cannot be decoded');
  }
}
