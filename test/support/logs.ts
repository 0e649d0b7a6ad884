import fs from 'node:fs';
import { valueOf, readingOf, type Frame } from '../../app/metrics/frame.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import type { ReadingState } from '../../app/core/reading.ts';
import { textOf } from '../../app/telemetry/logs/encoding.node.ts';
import { formatOf } from '../../app/telemetry/logs/formats.ts';
import type { LogGpu } from '../../app/telemetry/logs/log.ts';
import { createStamps, type DateOrder } from '../../app/telemetry/logs/stamps.ts';

export type ReadLog = {
  readonly samples: readonly { readonly gpu: LogGpu; readonly tsMs: number; readonly frame: Frame }[];
  /** values of a metric in the order of the samples, of one card or of all */
  readonly values: (key: MetricKey, card?: string) => readonly (number | undefined)[];
  readonly states: (key: MetricKey) => readonly ReadingState[];
  readonly stamps: readonly number[];
  /** keys of the cards in the order in which they came */
  readonly cards: readonly string[];
  /** "LINE: WHY" of each line that could not be read */
  readonly bad: readonly string[];
  readonly notTaken: readonly string[];
  readonly refused: string | undefined;
  readonly next: string | undefined;
};

/** Reads the text of a log in its own format, stamps at UTC, before any check of plausibility. */
export function readLogText(text: string, order: DateOrder = 'ymd'): ReadLog {
  const lines = text.split(/\r?\n/);
  const samples: { gpu: LogGpu; tsMs: number; frame: Frame }[] = [];
  const bad: string[] = [];
  const notTaken: string[] = [];
  let refusal: { readonly message: string; readonly next?: string } | undefined;
  const reader = formatOf(text)!.open({
    sink: {
      sample: (_line, gpu, tsMs, frame) => void samples.push({ gpu, tsMs, frame }),
      bad: (line, why) => void bad.push(`${line}: ${why}`),
      notTaken: (column) => void notTaken.push(column),
      refuse: (error) => (refusal ??= error),
    },
    stamp: createStamps(0),
    order,
    lastLines: lines.filter((line) => line !== '').slice(-3),
  });
  lines.forEach((line, i) => reader.line(line, i + 1));
  reader.end();
  return {
    samples,
    values: (key, card) =>
      samples.filter(({ gpu }) => card === undefined || gpu.key === card).map(({ frame }) => valueOf(frame, key)),
    states: (key) => samples.map(({ frame }) => readingOf(frame, key).state),
    stamps: samples.map(({ tsMs }) => tsMs),
    cards: [...new Set(samples.map(({ gpu }) => gpu.key))],
    bad,
    notTaken,
    refused: refusal?.message,
    next: refusal?.next,
  };
}

export const readLogFile = (file: string, order?: DateOrder): ReadLog =>
  readLogText(textOf(fs.readFileSync(file)), order);

export const mean = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((sum, value) => sum + value!, 0) / values.length;
