import { text as sentence } from '../../core/i18n.ts';
import {
  cellsOf,
  columnFor,
  delimiterOf,
  frameOf,
  headingText,
  parseHeading,
  rowOf,
  splitStamp,
  unambiguous,
} from './columns.ts';
import type { Column, ColumnMeaning, Delimiter, Heading } from './columns.ts';
import type { LogFormat } from './log.ts';
import { parseDate, parseTime } from './stamps.ts';

/**
 * GPU-Z's sensor log. Left out on purpose: Hot Spot and Memory Temperature (NVML names no hot spot, and its memory
 * temperature is that of HBM), GPU Chip Power (not the board's), Memory Clock (a quarter to an eighth of NVML's),
 * fan turns (measured; the catalogue's are commanded), Video Engine Load (encoder and decoder in one) and PerfCap
 * Reason: its bits are policies of NvAPI (1 power, 2 thermal, 4 reliability, 8 operating voltage, 16 utilisation:
 * techpowerup.com/forums/threads/202433) and two of them have no counterpart among NVML's clocks event reasons, so a
 * mask made of the others would claim that nothing else limited the clocks.
 */
// names without their blanks: another program may have saved the log again without them
const meanings: readonly ColumnMeaning[] = [
  [/^GPUTemperature$/i, 'coreTempC'],
  [/^GPU(?:Core)?Clock$/i, 'graphicsClockMhz'],
  [/^GPULoad$/i, 'gpuUtilPct'],
  [/^MemoryControllerLoad$/i, 'memUtilPct'],
  [/^(?:Dedicated)?Memory(?:Used|Usage)(?:\(Dedicated\))?$/i, 'vramUsedBytes'],
  [/^(?:BoardPowerDraw|PowerConsumption\(W\))$/i, 'powerW'],
  [/^Fan1?Speed\(%\)$/i, 'fanPct'],
  [/^Fan2Speed\(%\)$/i, 'fan2Pct'],
  [/^Fan3Speed\(%\)$/i, 'fan3Pct'],
];

const HEADER = /^\s*"?Date"?[^\S\t]*[,;\t].*\[/;

function columnOf(at: number, heading: Heading): Column | undefined {
  const column = columnFor(at, { ...heading, name: heading.name.replaceAll(' ', '') }, meanings);
  return column && { ...column, heading: headingText(heading) };
}

export const gpuZ: LogFormat = {
  kind: 'gpu-z',
  openEnded: true,
  recognises: (head) => HEADER.test(head) && !/^\s*"?Date"?[^\S\t]*[,;\t]\s*"?Time"?[^\S\t]*[,;\t]/.test(head),
  when(line) {
    const match = /^\s*([\d./-]{6,})\s+(\d[^,;\t]*)/.exec(line);
    return match ? { date: match[1]!, time: match[2]! } : undefined;
  },
  open({ sink, stamp, order }) {
    let header:
      { readonly delimiter: Delimiter; readonly count: number; readonly columns: readonly Column[] } | undefined;

    function readHeader(text: string): void {
      const delimiter = delimiterOf(text);
      const headings = cellsOf(text, delimiter).map(parseHeading);
      const found = headings.flatMap((heading, at) => {
        const column = at === 0 ? undefined : columnOf(at, heading);
        if (!column && at > 0) sink.notTaken(headingText(heading));
        return column ? [column] : [];
      });
      header = { delimiter, count: headings.length, columns: unambiguous(found, sink.notTaken) };
      if (header.columns.length === 0) {
        sink.refuse({ code: 'recording-unreadable', message: sentence('telemetry.log.noGpuColumn') });
      }
    }

    return {
      line(text, number) {
        if (text.trim() === '') return;
        if (HEADER.test(text)) return readHeader(text); // each session writes it again
        const cells = header && rowOf(text, header.delimiter, header.count);
        if (!header || !cells) return sink.bad(number, sentence('telemetry.log.bad.columns'));
        const { date, time } = splitStamp(cells[0]!) ?? { date: '', time: '' };
        const day = parseDate(date, order);
        const timeMs = parseTime(time);
        if (day === undefined || timeMs === undefined) {
          return sink.bad(number, sentence('telemetry.log.bad.stamp', { found: cells[0]!.slice(0, 40) }));
        }
        const frame = frameOf(cells, header.columns, (why) => sink.bad(number, why));
        sink.sample(number, { key: '' }, stamp(day + timeMs), frame);
      },
      end: () => undefined,
    };
  },
};
