import type { Frame } from '../../metrics/frame.ts';
import type { AppError } from '../../core/result.ts';
import type { GpuIdentity } from '../source.ts';
import type { DateOrder } from './stamps.ts';

/** `plain` is a CSV with columns of any program, for traces alone: it says of no card which it is. */
export type LogKind = 'slowburn' | 'smi-xml' | 'smi-text' | 'smi-csv' | 'hwinfo' | 'gpu-z' | 'afterburner' | 'plain';

/** What a log says about who a GPU is; many say little. `key` tells the GPUs of one file apart. */
export type LogGpu = Partial<GpuIdentity> & { readonly key: string };

/** What a reader tells while it is given the lines of a log. Lines count from 1. */
export type LogSink = {
  readonly sample: (line: number, gpu: LogGpu, tsMs: number, frame: Frame) => void;
  /** a line, or a part of one, that could not be read, and why */
  readonly bad: (line: number, why: string) => void;
  /** a column that means nothing the catalogue has */
  readonly notTaken: (column: string) => void;
  /** the log as a whole cannot be taken */
  readonly refuse: (error: AppError) => void;
};

export type LogContext = {
  readonly sink: LogSink;
  /** from the clock on the wall to ms since 1970 */
  readonly stamp: (wallMs: number) => number;
  readonly order: DateOrder;
  /** the last lines of the file, where some programs say what the columns are about */
  readonly lastLines: readonly string[];
};

/** Reads a log line by line: memory does not grow with the file. It never throws on what a file holds. */
export type LogReader = { readonly line: (text: string, number: number) => void; readonly end: () => void };

export type LogFormat = {
  readonly kind: LogKind;
  /** @param head the beginning of the file: some kB of text */
  readonly recognises: (head: string) => boolean;
  /** rows with nothing at their end that says they are whole: one that the file breaks off in is not taken */
  readonly openEnded?: true;
  /** date and time in a row, of programs that write them in the order of the user's country */
  readonly when?: (line: string) => { readonly date: string; readonly time: string } | undefined;
  readonly open: (context: LogContext) => LogReader;
};

/** Names of cards that are not NVIDIA's. */
export const isOtherMaker = (name: string): boolean => /radeon|firepro|\bamd\b|\bintel\b|\barc\b/i.test(name);
