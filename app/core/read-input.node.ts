import fs from 'node:fs';
import { err, messageOf, ok, type Err, type Result } from './result.ts';

/** A line longer than this belongs to no format Slowburn reads: a line of a recording of 64 GPUs has 200 kB. */
export const LONGEST_LINE_BYTES = 4 * 2 ** 20;
/** The largest file that is held in memory as a whole; V8 holds strings of up to 512 MiB. */
export const LARGEST_TEXT_BYTES = 512 * 2 ** 20 - 64;

const NEXT = 'Name a file that can be read.';

/** What stands under a name that is no ordinary file. */
function kindOf(stat: fs.Stats): string {
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}

const notAFile = (file: string, stat: fs.Stats): Err =>
  err(
    'not-found',
    `${file} is ${kindOf(stat)}.`,
    stat.isDirectory() ? 'Name a file in it.' : 'Write its content to a file first, and name that file.',
  );

/** A sentence for a file that a person named and that could not be read. */
export function unreadable(file: string, thrown: unknown): Err {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const message =
    code === 'ENOENT' ? `There is no file ${file}.` : `The file ${file} cannot be read: ${messageOf(thrown)}.`;
  return err('not-found', message, NEXT);
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

export type OpenInput = { readonly descriptor: number; readonly sizeBytes: number };

/**
 * Opens an ordinary file for reading. A pipe, a device, a socket and a folder are refused: the first three may never
 * end, and opening some devices changes them. The caller closes the descriptor.
 */
export function openInput(file: string): Result<OpenInput> {
  try {
    const named = fs.statSync(file); // before it is opened: a watchdog device starts when it is
    if (!named.isFile()) return notAFile(file, named);
    // without O_NONBLOCK (Windows has none), a pipe that took the name meanwhile would block until somebody writes
    const descriptor = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    const opened = fs.fstatSync(descriptor);
    if (opened.isFile()) return ok({ descriptor, sizeBytes: opened.size });
    fs.closeSync(descriptor);
    return notAFile(file, opened);
  } catch (thrown) {
    return unreadable(file, thrown);
  }
}

/** Why a file cannot be read; undefined if it can. For files that a library opens itself. */
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
    `Line ${line} of ${file} is longer than ${megabytes(LONGEST_LINE_BYTES)}.`,
    'Check that it is the file you mean.',
  );

const tooLarge = (file: string, largest: number): Err =>
  err('recording-unreadable', `${file} is larger than ${megabytes(largest)}.`, 'Check that it is the file you mean.');

const STEP = 2 ** 20;

/** Reads a whole open file. Files in /proc state a size of 0, so it reads until they end. */
function readAll(file: string, { descriptor, sizeBytes }: OpenInput, limits: Limits): Result<Buffer> {
  const { largest, longestLine = Infinity } = limits;
  let buffer = Buffer.allocUnsafe(Math.min(largest, sizeBytes) + 4096); // memory that is not touched is not taken
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

/** Reads a whole ordinary file of at most `largest` bytes, whatever size it states. */
export const readInput = (file: string, largest: number): Result<Buffer> => readWithin(file, { largest });

/** Reads a whole text file in lines. Parsing one endless line costs many times its size in memory, so it is refused. */
export const readLines = (file: string, largest = LARGEST_TEXT_BYTES): Result<Buffer> =>
  readWithin(file, { largest, longestLine: LONGEST_LINE_BYTES });
