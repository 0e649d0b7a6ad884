import fs from 'node:fs';
import { err, messageOf, ok, type Result } from '../../result.ts';
import { encodingOf, type Encoding } from './encoding.node.ts';
import { formatOf } from './formats.ts';
import type { LogContext, LogFormat, LogReader } from './log.ts';
import { createDateSurvey, parseTime, type DateSurvey } from './stamps.ts';

/** A file that is one of the logs that can be imported. */
export type LogFile = {
  readonly file: string;
  readonly format: LogFormat;
  readonly encoding: Encoding;
  readonly sizeBytes: number;
};

const HEAD_BYTES = 256 * 1024; // HWiNFO's header alone may have 50 kB
const MAX_LINE = 4 * 2 ** 20; // a line of a recording of 64 GPUs has 200 kB; memory must not follow a file without lines
const LAST_LINES = 3;

/**
 * Looks at the beginning of a file: what is it, and in which encoding.
 * @param otherwise a format that may read what no other one recognises
 */
export async function openLog(file: string, otherwise?: LogFormat): Promise<Result<LogFile>> {
  try {
    const handle = await fs.promises.open(file);
    try {
      const { size } = await handle.stat();
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const bytes = buffer.subarray(0, bytesRead);
      const encoding = encodingOf(bytes);
      const head = new TextDecoder(encoding).decode(bytes, { stream: true });
      const format = formatOf(head) ?? (otherwise?.recognises(head) ? otherwise : undefined);
      if (format) return ok({ file, format, encoding, sizeBytes: size });
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    return err('recording-unreadable', `The log ${file} cannot be read: ${messageOf(thrown)}`);
  }
  return err(
    'recording-unreadable',
    `${file} is none of the logs that Slowburn can import.`,
    'It takes nvidia-smi --query-gpu=timestamp,… --format=csv (with its header line, so without noheader), nvidia-smi -q with or without -x, and the logs of HWiNFO64, GPU-Z and MSI Afterburner, and recordings of its own.',
  );
}

type Line = { readonly text: string; readonly number: number; readonly terminated: boolean };
type Progress = (bytes: number) => void;

/** The lines of a file, as many at a time as a chunk of it has. A line longer than any log has comes as undefined. */
async function* linesOf(
  { file, encoding }: LogFile,
  onProgress: Progress,
  signal: AbortSignal,
): AsyncGenerator<readonly (Line | number)[]> {
  const decoder = new TextDecoder(encoding);
  let bytes = 0;
  let number = 0;
  let pending = '';
  let tooLong = false;
  const cut = (text: string): (Line | number)[] => {
    const parts = (pending + text).split(/\r\n|\n/);
    pending = parts.pop()!;
    const lines = parts.map((part): Line | number => {
      number++;
      const skip = tooLong || part.length > MAX_LINE;
      tooLong = false;
      return skip ? number : { text: part, number, terminated: true };
    });
    if (pending.length > MAX_LINE) [pending, tooLong] = ['', true];
    return lines;
  };
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 256 * 1024 })) {
    if (signal.aborted) return;
    yield cut(decoder.decode(chunk as Buffer, { stream: true }));
    onProgress((bytes += (chunk as Buffer).length));
  }
  yield cut(decoder.decode());
  if (tooLong) yield [number + 1];
  else if (pending !== '') yield [{ text: pending, number: number + 1, terminated: false }];
}

export type Survey = {
  /** orders in which the file's dates can be read: one = settled */
  readonly dates: DateSurvey;
  readonly lastLines: readonly string[];
};

/** First pass, for logs with dates in the order of some country: what order is it, and what do the last lines say. */
export async function surveyLog(
  log: LogFile,
  nowMs: number,
  onProgress: Progress,
  signal: AbortSignal,
): Promise<Result<Survey>> {
  const dates = createDateSurvey(nowMs);
  const lastLines: string[] = [];
  try {
    for await (const lines of linesOf(log, onProgress, signal)) {
      for (const line of lines) {
        if (typeof line === 'number' || line.text.trim() === '') continue;
        lastLines.push(line.text);
        if (lastLines.length > LAST_LINES) lastLines.shift();
        const when = log.format.when?.(line.text);
        const timeMs = when && parseTime(when.time);
        if (timeMs !== undefined) dates.add(when!.date, timeMs);
      }
    }
  } catch (thrown) {
    return err('recording-unreadable', `The log ${log.file} cannot be read: ${messageOf(thrown)}`);
  }
  return ok({ dates, lastLines });
}

/**
 * Second pass: gives the lines to the format's reader until the file ends, the reader refuses it, or `signal` is
 * aborted. A last line without its end was being written when the file was copied: what it says may be half a number.
 */
export async function readLog(
  log: LogFile,
  context: LogContext,
  onProgress: Progress,
  signal: AbortSignal,
): Promise<Result<void>> {
  const { sink } = context;
  let refused: Result<void> | undefined;
  const reader: LogReader = log.format.open({
    ...context,
    sink: { ...sink, refuse: (error) => (refused ??= { ok: false, error }) },
  });
  try {
    for await (const lines of linesOf(log, onProgress, signal)) {
      for (const line of lines) {
        if (refused) return refused;
        if (typeof line === 'number') sink.bad(line, 'It is longer than any line of a log.');
        else if (line.terminated || !log.format.openEnded) reader.line(line.text, line.number);
        else if (!/^[\s,;"]*$/.test(line.text[0]!)) sink.bad(line.number, 'The file ends within it.');
      }
    }
    if (!signal.aborted) reader.end();
  } catch (thrown) {
    if (!isReadError(thrown)) throw thrown;
    return err('recording-unreadable', `The log ${log.file} cannot be read: ${messageOf(thrown)}`);
  }
  return refused ?? ok(undefined);
}

/** An error of the file system, not one of ours or the history's. */
const isReadError = (thrown: unknown): boolean => thrown instanceof Error && 'syscall' in thrown;
