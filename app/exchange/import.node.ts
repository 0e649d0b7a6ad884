import fs from 'node:fs';
import { openInput } from '../core/read-input.node.ts';
import type { Import, ImportCounts } from '../history/importer.ts';
import type { History } from '../history/history.ts';
import type { JobControl } from '../core/job-control.ts';
import { text } from '../core/i18n.ts';
import { err, ok, type Err, type Result } from '../core/result.ts';
import { DamagedExport } from './damaged-export.ts';
import type { ExchangedSample } from './format.ts';
import { HISTORY_FORMAT } from './jsonl.ts';
import { openLineReader } from './line-reader.node.ts';
import { verifyDigest } from './parquet-digest.node.ts';
import { openParquetReader } from './parquet.node.ts';

export type ImportOptions = {
  /** accept a CSV or JSON lines file without checks, as an earlier version or another program wrote it */
  readonly unverified?: boolean;
};

const LOOK_EVERY = 2000;

const notOurs = (file: string): Err =>
  err('recording-unreadable', text('exchange.notOurs', { file }), text('exchange.notOursNext'));

const damaged = (file: string, why: string): Err =>
  err('recording-unreadable', text('exchange.damaged', { file, why }), text('exchange.damagedNext'));

const unchecked = (file: string, next: string): Err =>
  err('recording-unreadable', text('exchange.unchecked', { file }), next);

const cancelled = (): Err => err('cancelled', text('exchange.importCancelled'));

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
      return cancelled();
    case 'damaged':
      return damaged(file, text('exchange.digest'));
    case 'foreign':
      return notOurs(file);
    case 'without':
      return unchecked(file, text('exchange.uncheckedNext'));
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
  if (!opened.checked && !unverified) return unchecked(file, text('exchange.uncheckedLinesNext'));
  return ok({ samples: opened.samples, share: () => opened.bytesRead() / Math.max(1, sizeBytes) });
}

function isParquet(descriptor: number): boolean {
  const magic = Buffer.alloc(4);
  fs.readSync(descriptor, magic, 0, magic.length, 0);
  return magic.toString('latin1') === 'PAR1';
}

/**
 * Imports an export (CSV, JSON lines or Parquet, recognised by its content) without loss. The whole file is read and
 * verified before the first sample is written, so a damaged file adds nothing. Samples that are there already are not
 * added twice. A cancelled import keeps the hours that are complete.
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
    if (!read.value) return cancelled();
    const now = fs.fstatSync(descriptor);
    if (now.size !== sizeBytes || now.mtimeMs !== mtimeMs) return damaged(file, text('exchange.changed'));

    const running = new Map<string, Import>();
    const whole = await readAll(open.value, 1, ({ gpu, sample }) => {
      let into = running.get(gpu.uuid);
      if (!into) running.set(gpu.uuid, (into = history.beginImport(gpu)));
      into.add(sample);
    });
    if (!whole) return cancelled();
    const counts = [...running.values()].map((into) => into.end());
    return ok({
      added: counts.reduce((sum, { added }) => sum + added, 0),
      duplicate: counts.reduce((sum, { duplicate }) => sum + duplicate, 0),
    });
  } catch (thrown) {
    if (!(thrown instanceof DamagedExport)) throw thrown;
    return err('recording-unreadable', text('exchange.changedLate', { file }), text('exchange.changedLateNext'));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Nothing has been written yet, so every failure here is one of the file, not of the history. */
async function verifying<T>(file: string, read: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await read();
  } catch (thrown) {
    return damaged(file, thrown instanceof DamagedExport ? thrown.message : text('exchange.undecodable'));
  }
}
