import { text as sentence } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { absentFrame, readingOf, setAbsent, setValue, type Frame } from '../../metrics/frame.ts';
import { metricIndex, type Metric } from '../../metrics/metrics.ts';
import { absenceOf, parseCell, type Cell } from '../smi/cell.ts';
import { idOf, said, uuidOf } from '../smi/tree.ts';
import { conversion, delimiterOf, splitCells, type Convert } from './columns.ts';
import type { LogGpu } from './log.ts';
import { csvColumns, isCsvHeader, type CsvPlace, type CsvReading } from './csv-columns.ts';

/** One row: which card it is about, as far as its cells say, when, and its readings. */
export type CsvRow = {
  readonly uuid?: string;
  readonly name?: string;
  readonly pciBusId?: string;
  /** a number, or any other name of the card that is unique in the file */
  readonly index?: string;
  /** date and time as printed */
  readonly time?: string;
  readonly frame: Frame;
};

const NAMING = ['uuid', 'name', 'pciBusId', 'index'] as const satisfies readonly CsvPlace[];
type Growing = { -readonly [Key in keyof CsvRow]: CsvRow[Key] };

export type CsvDecoder = {
  /** undefined for a row whose number of cells is not that of the header */
  readonly row: (line: string) => CsvRow | undefined;
  readonly metrics: readonly Metric[];
  /** headings of columns that are not used */
  readonly unknown: readonly string[];
  /** whether rows say which card they are about, by more than its model */
  readonly identifies: boolean;
  readonly hasTime: boolean;
  /** converts a number in the time column to ms; undefined: its size decides */
  readonly timeUnit: Convert | undefined;
};

/** The units of nvidia-smi, for a header and cells without one: temperatures never have any, others not in some logs. */
const IMPLIED: Partial<Record<Metric['unit'], string>> = { '°C': 'C', K: 'C', W: 'W', '%': '%', B: 'MiB', MHz: 'MHz' };

const NUMBER = /^[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[-+]?\d+)?/i;

/** The cell of another program: a number with or without a unit beside it ("65 C", "65,3"). */
function plainCell(cell: string, { metric, unit }: CsvReading): Cell {
  if (cell === '') return { absent: 'unread' };
  const plain = unit === undefined ? Number(cell) : Number.NaN;
  if (!Number.isNaN(plain)) return { value: plain };
  const number = NUMBER.exec(cell)?.[0];
  if (number === undefined) return { absent: absenceOf(cell) };
  const beside = cell.slice(number.length).trim() || unit;
  const convert = beside === undefined ? (value: number) => value : conversion(beside, metric.key);
  return convert ? { value: convert(Number(number.replace(',', '.'))) } : { absent: 'failed' };
}

const cellOf = (cell: string, reading: CsvReading): Cell =>
  reading.via === undefined
    ? plainCell(cell, reading)
    : parseCell(cell, reading.metric, reading.unit ?? IMPLIED[reading.metric.unit]);

/** Whether a cell names the card, rather than a reason why it has no name. */
function tells(place: CsvPlace, cell: string): boolean {
  if (place === 'uuid') return uuidOf(cell) !== undefined;
  return said(cell) !== undefined && !/^[[(]|^ERR|unknown error|is lost/i.test(cell);
}

/** A stamp whose seconds have a comma makes two cells: "…T10:00:01" and "123456789+02:00". */
function joinSplitStamp(cells: readonly string[], width: number, time: number | undefined): readonly string[] {
  if (time === undefined || cells.length !== width + 1) return cells;
  const [whole, rest] = [cells[time]!, cells[time + 1]!];
  const isStamp = /:\d\d$/.test(whole) && /^\d{1,9} ?(?:Z|[+-]\d\d:?\d\d)?$/i.test(rest);
  return isStamp ? [...cells.slice(0, time), `${whole},${rest}`, ...cells.slice(time + 2)] : cells;
}

/**
 * A decoder for a CSV with readings of GPUs, made from its header line: what `nvidia-smi --query-gpu=… --format=csv`
 * prints, or a table of another program. Units come from the heading ("power.draw [W]"), from the cell ("46.19 W"), or
 * are those that nvidia-smi uses for the field.
 */
export function csvDecoder(header: string): Result<CsvDecoder> {
  const delimiter = delimiterOf(header);
  const columns = csvColumns(splitCells(header, delimiter));
  const { width, places, readings, wrongUnit } = columns;
  if (!isCsvHeader(columns)) {
    return err('recording-unreadable', sentence('telemetry.log.noField'), sentence('telemetry.log.noFieldNext'));
  }
  if (readings.length === 0) {
    return err(
      'recording-unreadable',
      sentence('telemetry.log.noUnit', { columns: wrongUnit.join(', ') }),
      sentence('telemetry.log.noUnitNext'),
    );
  }
  const byMetric = new Map<Metric, CsvReading[]>();
  for (const reading of readings) byMetric.set(reading.metric, [...(byMetric.get(reading.metric) ?? []), reading]);
  const asksForEcc = readings.some(({ metric }) => metric.key === 'eccMode');

  function frameOf(cells: readonly string[]): Frame {
    const frame = absentFrame('unreported');
    for (const [metric, its] of byMetric) {
      const answers = its.map((reading) => ({ cell: cellOf(cells[reading.at]!, reading), via: reading.via ?? 0 }));
      const answer = answers.find(({ cell }) => 'value' in cell) ?? answers[0]!;
      if ('absent' in answer.cell) setAbsent(frame, metric.key, answer.cell.absent);
      else {
        setValue(frame, metric.key, answer.cell.value);
        frame.via[metricIndex[metric.key]] = answer.via;
      }
    }
    // for a card without ECC this column says "No" where the -q text of the same driver says N/A (seen with 595)
    if (
      asksForEcc &&
      readingOf(frame, 'eccMode').state === 'unsupported' &&
      readingOf(frame, 'sramThresholdExceeded').state !== 'unreported'
    ) {
      setAbsent(frame, 'sramThresholdExceeded', 'unsupported');
    }
    return frame;
  }

  return ok({
    metrics: [...byMetric.keys()],
    unknown: columns.unknown,
    identifies: places.uuid !== undefined || places.pciBusId !== undefined || places.index !== undefined,
    hasTime: places.time !== undefined || places.date !== undefined,
    timeUnit: columns.timeUnit,
    row(line) {
      const cells = joinSplitStamp(splitCells(line, delimiter), width, places.time);
      if (cells.length !== width) return undefined;
      const row: Growing = { frame: frameOf(cells) };
      for (const place of NAMING) {
        const cell = places[place] === undefined ? undefined : cells[places[place]]!;
        if (cell !== undefined && tells(place, cell)) row[place] = cell;
      }
      const [date, time] = [places.date, places.time].map((at) => (at === undefined ? '' : cells[at]!)) as [
        string,
        string,
      ];
      if (date !== '' || time !== '') row.time = date === '' ? time : `${date} ${time}`.trim();
      return row;
    },
  });
}

/** The card that a row names; its key is empty if the row names none. */
export function gpuOfRow({ uuid, name, pciBusId, index }: CsvRow): LogGpu {
  const position = idOf(index);
  return {
    key: uuid ?? pciBusId ?? index ?? '',
    ...(uuid ? { uuid } : {}),
    ...(name ? { name } : {}),
    ...(pciBusId ? { pciBusId } : {}),
    ...(position !== undefined && position < 10_000 ? { index: position } : {}),
  };
}
