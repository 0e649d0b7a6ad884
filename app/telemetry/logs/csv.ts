import { text as sentence } from '../../core/i18n.ts';
import type { AppError } from '../../core/result.ts';
import type { Frame } from '../../metrics/frame.ts';
import { delimiterOf, splitCells } from './columns.ts';
import { csvColumns, isCsvHeader } from './csv-columns.ts';
import { csvDecoder, gpuOfRow, type CsvDecoder } from './csv-row.ts';
import type { LogContext, LogFormat, LogGpu } from './log.ts';
import { datedIn, parseMoment } from './moments.ts';
import { findRounds, type Rounds } from './rounds.ts';

// A CSV with readings of GPUs: of nvidia-smi --query-gpu, or of any program that names its columns.

type Row = { readonly number: number; readonly tsMs: number; readonly name: string | undefined; readonly frame: Frame };

/** Rows from which it is decided whether the log has several cards. */
const LOOK_ROWS = 512;
const DAY_MS = 86_400_000;

const noTimes = (): AppError => ({
  code: 'recording-unreadable',
  message: sentence('telemetry.log.noTimes'),
  next: sentence('telemetry.log.noTimesNext'),
});
/** The error for a log of several cards that does not say which row is whose. */
export const unclearCards = (): AppError => ({
  code: 'recording-unreadable',
  message: sentence('telemetry.log.unclearCards'),
  next: sentence('telemetry.log.unclearCardsNext'),
});

/** Whether a row begins another round than the row before it. */
const begins = (row: Row, before: Row, { apartMs }: Rounds): boolean =>
  row.tsMs < before.tsMs || row.tsMs - before.tsMs >= apartMs;

function roundsIn(rows: readonly Row[], rounds: Rounds): readonly (readonly Row[])[] {
  const found: Row[][] = [];
  rows.forEach((row, i) => {
    if (i === 0 || begins(row, rows[i - 1]!, rounds)) found.push([row]);
    else found.at(-1)!.push(row);
  });
  return found;
}

/** Gives rows that do not name their card to cards by their order within a round. */
function createOrdered({ sample, bad, refuse }: LogContext['sink']) {
  let rounds: Rounds | undefined;
  let names: readonly (string | undefined)[] = [];
  let waiting: Row[] = [];
  let refused = false;

  const gpuOf = (at: number, name: string | undefined): LogGpu => ({
    key: rounds!.size === 1 ? '' : String(at),
    ...(rounds!.size === 1 ? {} : { index: at }),
    ...(name ? { name } : {}),
  });

  function flush(): void {
    const round = waiting;
    waiting = [];
    if (round.length === 0) return;
    const fits =
      round.length === rounds!.size && round.every(({ name }, at) => name === undefined || name === names[at]);
    round.forEach(({ number, tsMs, name, frame }, at) => {
      if (fits) sample(number, gpuOf(at, name), tsMs, frame);
      else bad(number, sentence('telemetry.log.bad.round', { found: round.length, size: rounds!.size }));
    });
  }

  function feed(row: Row): void {
    if (rounds!.size === 1) return sample(row.number, gpuOf(0, row.name), row.tsMs, row.frame);
    const before = waiting.at(-1);
    if (before && begins(row, before, rounds!)) flush();
    waiting.push(row);
  }

  function decide(isWhole: boolean): void {
    const rows = waiting;
    waiting = [];
    const found = findRounds(
      rows.map(({ tsMs }) => tsMs),
      isWhole,
    );
    const whole = roundsIn(rows, found).filter((round) => round.length === found.size);
    names = (whole[0] ?? []).map(({ name }) => name);
    const models = new Set(rows.flatMap(({ name }) => name ?? [])).size;
    const inOrder = whole.every((round) => round.every(({ name }, at) => name === undefined || name === names[at]));
    // whole seconds: two rows of one second may be two cards, or one card twice
    const isCoarse = found.size > 1 && rows.every(({ tsMs }) => tsMs % 1000 === 0);
    if (models > 1 ? found.size < models || !inOrder : isCoarse) {
      refused = true;
      return refuse(unclearCards());
    }
    rounds = found;
    rows.forEach(feed);
  }

  return {
    row(row: Row): void {
      if (refused) return;
      if (rounds) return feed(row);
      waiting.push(row);
      if (waiting.length === LOOK_ROWS) decide(false);
    },
    end(): void {
      if (!rounds && !refused) decide(true);
      if (rounds) flush();
    },
  };
}

/** ms of rows that have a time of day alone: it starts again after midnight. */
function createDays(): (dayMs: number) => number {
  let days = 0;
  let lastMs = -Infinity;
  return (dayMs) => {
    if (dayMs + days < lastMs - DAY_MS / 2) days += DAY_MS;
    return (lastMs = dayMs + days);
  };
}

const firstLine = (head: string): string => /^\uFEFF?([^\r\n]*)/.exec(head)?.[1] ?? '';

export const csv: LogFormat = {
  kind: 'csv',
  openEnded: true,
  recognises: (head) => {
    const line = firstLine(head);
    return isCsvHeader(csvColumns(splitCells(line, delimiterOf(line))));
  },
  when: datedIn,
  datesVary: (head) => head.split('\n', 3).some((line) => datedIn(line) !== undefined),
  open(context) {
    const { sink, stamp, order } = context;
    const ordered = createOrdered(sink);
    const ofDay = createDays();
    let decoder: CsvDecoder | undefined;
    let header = '';
    let begin = '';

    function readHeader(line: string): void {
      const made = csvDecoder(line);
      if (!made.ok) return sink.refuse(made.error);
      if (!made.value.hasTime) return sink.refuse(noTimes());
      decoder = made.value;
      header = line;
      begin = splitCells(line, delimiterOf(line))[0]!;
      decoder.unknown.forEach(sink.notTaken);
    }

    function timeOf(text: string | undefined): number | undefined {
      const moment = parseMoment(text ?? '', order, decoder!.timeUnit);
      if (moment === undefined) return undefined;
      const tsMs = 'wallMs' in moment ? stamp(moment.wallMs) : 'tsMs' in moment ? moment.tsMs : ofDay(moment.dayMs);
      return Math.abs(tsMs) <= 8.64e15 ? tsMs : undefined;
    }

    return {
      line(text, number) {
        const line = firstLine(text).trim();
        if (line === '' || line === header) return;
        // a header again, with other columns: the log was continued with another command
        if (!decoder || (begin !== '' && line.startsWith(begin) && csvDecoder(line).ok)) return readHeader(line);
        const row = decoder.row(line);
        if (!row) return sink.bad(number, sentence('telemetry.log.bad.fields'));
        const tsMs = timeOf(row.time);
        if (tsMs === undefined) {
          return sink.bad(number, sentence('telemetry.log.bad.stamp', { found: (row.time ?? '').slice(0, 40) }));
        }
        const { name, frame } = row;
        if (!decoder.identifies) return ordered.row({ number, tsMs, name, frame });
        const gpu = gpuOfRow(row);
        if (gpu.key === '') return sink.bad(number, sentence('telemetry.log.bad.noCard'));
        sink.sample(number, gpu, tsMs, frame);
      },
      end: () => ordered.end(),
    };
  },
};
