import type { Frame } from '../../metrics/frame.ts';
import type { AppError } from '../../core/result.ts';
import type { GpuIdentity } from '../source.ts';
import type { DateOrder } from './stamps.ts';

export type LogKind = 'slowburn' | 'smi-xml' | 'smi-text' | 'csv' | 'hwinfo' | 'gpu-z' | 'afterburner';

/** What a log says about a GPU's identity; many say little. `key` distinguishes the GPUs of one file. */
export type LogGpu = Partial<GpuIdentity> & { readonly key: string };

/** Where a reader reports what it finds. Lines count from 1. */
export type LogSink = {
  readonly sample: (line: number, gpu: LogGpu, tsMs: number, frame: Frame) => void;
  /** a line, or a part of one, that could not be read, and why */
  readonly bad: (line: number, why: string) => void;
  /** a column that is not used */
  readonly notTaken: (column: string) => void;
  /** the whole log cannot be imported */
  readonly refuse: (error: AppError) => void;
};

export type LogContext = {
  readonly sink: LogSink;
  /** from a wall-clock time, in ms as if it were UTC, to ms since 1970 */
  readonly stamp: (wallMs: number) => number;
  readonly order: DateOrder;
  /** the last lines of the file: some programs name the sensor of each column there */
  readonly lastLines: readonly string[];
};

/** Reads a log line by line: memory does not grow with the file. It never throws on what a file holds. */
export type LogReader = { readonly line: (text: string, number: number) => void; readonly end: () => void };

export type LogFormat = {
  readonly kind: LogKind;
  /** @param head the beginning of the file: some kB of text */
  readonly recognises: (head: string) => boolean;
  /** nothing marks the end of a row, so a last row without a line end is not used */
  readonly openEnded?: true;
  /** date and time in a row, of programs that write them in the order of the user's country */
  readonly when?: (line: string) => { readonly date: string; readonly time: string } | undefined;
  /** whether the dates of this file can be in such an order; absent: those of every file */
  readonly datesVary?: (head: string) => boolean;
  readonly open: (context: LogContext) => LogReader;
};

/** Whether a name is that of another maker's card. */
export const isOtherMaker = (name: string): boolean => /radeon|firepro|\bamd\b|\bintel\b|\barc\b/i.test(name);
