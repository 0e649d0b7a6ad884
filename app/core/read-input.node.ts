import fs from 'node:fs';
import { text } from './i18n.ts';
import { err, messageOf, ok, type Err, type Result } from './result.ts';

/** A longer line belongs to no format that Slowburn reads: a line of a recording of 64 GPUs has 200 kB. */
export const LONGEST_LINE_BYTES = 4 * 2 ** 20;
/** The largest file that is held in memory as a whole; V8 holds strings of up to 512 MiB. */
export const LARGEST_TEXT_BYTES = 512 * 2 ** 20 - 64;

function kindOf(stat: fs.Stats): 'folder' | 'pipe' | 'socket' | 'device' {
  if (stat.isDirectory()) return 'folder';
  if (stat.isFIFO()) return 'pipe';
  return stat.isSocket() ? 'socket' : 'device';
}

function notAFile(file: string, stat: fs.Stats): Err {
  const kind = kindOf(stat);
  const next = kind === 'folder' ? text('file.nameOneInside') : text('file.copyFirst');
  return err('not-found', text(`file.isA.${kind}`, { file }), next);
}

/** The error for a file that a person named and that could not be read. */
export function unreadable(file: string, thrown: unknown): Err {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const message =
    code === 'ENOENT' ? text('file.missing', { file }) : text('file.unreadable', { file, why: messageOf(thrown) });
  return err('not-found', message, text('file.nameReadable'));
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

export type OpenInput = { readonly descriptor: number; readonly sizeBytes: number };

/**
 * Opens a regular file for reading. Folders, pipes, sockets and devices are refused: a pipe or a device may never end,
 * and opening some devices changes them. The caller closes the descriptor.
 */
export function openInput(file: string): Result<OpenInput> {
  try {
    const named = fs.statSync(file); // before it is opened: a watchdog device starts when it is
    if (!named.isFile()) return notAFile(file, named);
    // without O_NONBLOCK (Windows has none), a pipe that took the name meanwhile would block until a program writes
    const descriptor = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    const opened = fs.fstatSync(descriptor);
    if (opened.isFile()) return ok({ descriptor, sizeBytes: opened.size });
    fs.closeSync(descriptor);
    return notAFile(file, opened);
  } catch (thrown) {
    return unreadable(file, thrown);
  }
}

/** Why a file cannot be read; undefined if it can. For files that a library opens. */
export function refuseInput(file: string): Err | undefined {
  const opened = openInput(file);
  if (!opened.ok) return opened;
  fs.closeSync(opened.value.descriptor);
  return undefined;
}

const LINE_FEED = 0x0a;

const tooLong = (file: string, line: number): Err =>
  err(
    'recording-unreadable',
    text('file.longLine', { line, file, limit: mebibytes(LONGEST_LINE_BYTES) }),
    text('file.checkName'),
  );

const tooLarge = (file: string, largest: number): Err =>
  err('recording-unreadable', text('file.tooLarge', { file, limit: mebibytes(largest) }), text('file.checkName'));

const STEP = 2 ** 20;

/** Reads a whole open file. Files in /proc state a size of 0, so it reads until they end. */
function readAll(file: string, { descriptor, sizeBytes }: OpenInput, limits: Limits): Result<Buffer> {
  const { largest, longestLine = Infinity } = limits;
  let buffer = Buffer.allocUnsafe(Math.min(largest, sizeBytes) + 4096); // the system provides memory when it is used
  let length = 0;
  let line = 1;
  let lineStart = 0;
  for (;;) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], 2 * length);
    const got = fs.readSync(descriptor, buffer, length, Math.min(STEP, buffer.length - length), length);
    length += got;
    if (length > largest) return tooLarge(file, largest);
    for (let from = Math.max(lineStart, length - got); ; from = lineStart) {
      const found = buffer.subarray(0, length).indexOf(LINE_FEED, from);
      if ((found < 0 ? length : found) - lineStart > longestLine) return tooLong(file, line);
      if (found < 0) break;
      lineStart = found + 1;
      line++;
    }
    if (got === 0) return ok(buffer.subarray(0, length));
  }
}

type Limits = { readonly largest: number; readonly longestLine?: number };

function readWithin(file: string, limits: Limits): Result<Buffer> {
  const opened = openInput(file);
  if (!opened.ok) return opened;
  try {
    return opened.value.sizeBytes > limits.largest
      ? tooLarge(file, limits.largest)
      : readAll(file, opened.value, limits);
  } catch (thrown) {
    return unreadable(file, thrown);
  } finally {
    fs.closeSync(opened.value.descriptor);
  }
}

/** Reads a whole regular file of at most `largest` bytes, whatever size it states. */
export const readInput = (file: string, largest: number): Result<Buffer> => readWithin(file, { largest });

/** Reads a whole text file. A line above LONGEST_LINE_BYTES is refused: parsing it costs many times its size in memory. */
export const readLines = (file: string, largest = LARGEST_TEXT_BYTES): Result<Buffer> =>
  readWithin(file, { largest, longestLine: LONGEST_LINE_BYTES });

/**
 * Reads one of Slowburn's own files, which a person may have replaced by anything.
 * @returns undefined where there is no such file
 */
export function readOwnFile(file: string, largest: number): Result<Buffer | undefined> {
  try {
    if (!fs.statSync(file, { throwIfNoEntry: false })) return ok(undefined);
  } catch {
    // reading it fails for the same reason and reports it
  }
  const read = readInput(file, largest);
  return read.ok ? read : err(read.error.code, read.error.message, text('file.replace'));
}
