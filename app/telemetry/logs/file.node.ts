import fs from 'node:fs';
import { text } from '../../core/i18n.ts';
import { linesOf } from '../../core/lines.node.ts';
import { openInput } from '../../core/read-input.node.ts';
import { err, messageOf, ok, type Result } from '../../core/result.ts';
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
  /** its dates may be in an order that depends on the country: survey it before reading */
  readonly needsSurvey: boolean;
};

const HEAD_BYTES = 256 * 1024; // HWiNFO's header alone may have 50 kB
const LAST_LINES = 3;

/** Finds a file's format and encoding from its beginning. */
export async function openLog(file: string): Promise<Result<LogFile>> {
  const opened = openInput(file);
  if (!opened.ok) return err('recording-unreadable', opened.error.message, opened.error.next);
  const { descriptor, sizeBytes } = opened.value;
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    const bytes = buffer.subarray(0, fs.readSync(descriptor, buffer, 0, HEAD_BYTES, 0));
    const encoding = encodingOf(bytes);
    const head = new TextDecoder(encoding).decode(bytes, { stream: true });
    const format = formatOf(head);
    const needsSurvey = format?.when !== undefined && (format.datesVary?.(head) ?? true);
    if (format) return ok({ file, format, encoding, sizeBytes, needsSurvey });
  } catch (thrown) {
    return err('recording-unreadable', text('telemetry.log.unreadable', { file, why: messageOf(thrown) }));
  } finally {
    fs.closeSync(descriptor);
  }
  return err('recording-unreadable', text('telemetry.log.unknown', { file }), text('telemetry.log.unknownNext'));
}

type Progress = (bytes: number) => void;

const logLines = ({ file, encoding }: LogFile, onProgress: Progress, signal: AbortSignal) =>
  linesOf(file, { encoding, onProgress, signal });

export type Survey = {
  /** orders in which the file's dates can be read: one = settled */
  readonly dates: DateSurvey;
  readonly lastLines: readonly string[];
};

/** First pass, for logs with dates in a local order: finds the order, and keeps the last lines. */
export async function surveyLog(
  log: LogFile,
  nowMs: number,
  onProgress: Progress,
  signal: AbortSignal,
): Promise<Result<Survey>> {
  const dates = createDateSurvey(nowMs);
  const lastLines: string[] = [];
  try {
    for await (const lines of logLines(log, onProgress, signal)) {
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
    return err('recording-unreadable', text('telemetry.log.unreadable', { file: log.file, why: messageOf(thrown) }));
  }
  return ok({ dates, lastLines });
}

/**
 * Second pass: gives the lines to the format's reader until the file ends, the reader refuses it, or `signal` is
 * aborted. A last line without a line end was still being written when the file was copied: it may hold half a number.
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
    for await (const lines of logLines(log, onProgress, signal)) {
      for (const line of lines) {
        if (refused) return refused;
        if (typeof line === 'number') sink.bad(line, text('telemetry.log.bad.tooLong'));
        else if (line.terminated || !log.format.openEnded) reader.line(line.text, line.number);
        else if (!/^[\s,;"]*$/.test(line.text[0]!)) sink.bad(line.number, text('telemetry.log.bad.cutOff'));
      }
    }
    if (!signal.aborted) reader.end();
  } catch (thrown) {
    if (!isReadError(thrown)) throw thrown;
    return err('recording-unreadable', text('telemetry.log.unreadable', { file: log.file, why: messageOf(thrown) }));
  }
  return refused ?? ok(undefined);
}

/** An error of the file system, not one of ours or the history's. */
const isReadError = (thrown: unknown): boolean => thrown instanceof Error && 'syscall' in thrown;
