import { text as sentence } from '../../core/i18n.ts';
import { cellsOf, columnFor, delimiterOf, frameOf, headingText, parseHeading, rowOf, unambiguous } from './columns.ts';
import type { Column, ColumnMeaning, Delimiter } from './columns.ts';
import { isOtherMaker, type LogFormat, type LogGpu } from './log.ts';
import { parseDate, parseTime } from './stamps.ts';

/**
 * HWiNFO's log. Left out on purpose, for the reasons given in gpu-z.ts: hot spot, memory junction, memory clock, fan
 * turns, video engine load, and the performance limits (policies of NvAPI, not NVML's clocks event reasons).
 */
const meanings: readonly ColumnMeaning[] = [
  [/^GPU Temperature$/i, 'coreTempC'],
  [/^GPU Power$/i, 'powerW'],
  [/^GPU Clock$/i, 'graphicsClockMhz'],
  [/^GPU Core Load$/i, 'gpuUtilPct'],
  [/^GPU Memory Controller Load$/i, 'memUtilPct'],
  [/^GPU Memory Allocated$/i, 'vramUsedBytes'],
  [/^GPU Fan ?1?$/i, 'fanPct'],
  [/^GPU Fan ?2$/i, 'fan2Pct'],
  [/^GPU Fan ?3$/i, 'fan3Pct'],
];

const HEADER = /^\s*"?Date"?[^\S\t]*([,;\t])\s*"?Time"?[^\S\t]*[,;\t].*\[/;

type Card = { readonly gpu: LogGpu; readonly columns: readonly Column[] };
type Header = { readonly delimiter: Delimiter; readonly count: number; readonly cards: readonly Card[] };

/** The row under the repeated header at the end names the sensor of each column; date and time have none. */
const isFooter = (cells: readonly string[]): boolean => cells[0] === '' && cells[1] === '' && cells.length > 2;

/** "GPU [#0]: NVIDIA GeForce RTX 4080: ASUS TUF" → its number and name. */
function cardOf(sensor: string): LogGpu | undefined {
  const match = /^[di]?GPU \[#(\d+)\]:\s*([^:]+)/i.exec(sensor);
  if (!match || isOtherMaker(match[2]!)) return undefined;
  return { key: match[1]!, index: Number(match[1]), name: match[2]!.trim() };
}

export const hwinfo: LogFormat = {
  kind: 'hwinfo',
  openEnded: true,
  recognises: (head) => HEADER.test(head),
  when(line) {
    const match = /^\s*"?([\d./-]{6,})"?[^\S\t]*[,;\t]\s*"?(\d[^",;\t]*)/.exec(line);
    return match ? { date: match[1]!, time: match[2]! } : undefined;
  },
  open({ sink, stamp, order, lastLines }) {
    let header: Header | undefined;

    function readHeader(text: string): void {
      const delimiter = delimiterOf(text);
      const headings = cellsOf(text, delimiter).map(parseHeading);
      const columns = headings.map((heading, at) => (at < 2 ? undefined : columnFor(at, heading, meanings)));
      const sensors = lastLines.map((line) => cellsOf(line, delimiter)).find(isFooter);
      if (!sensors && columns.filter((column) => column?.key === 'coreTempC').length > 1) {
        return sink.refuse({
          code: 'recording-unreadable',
          message: sentence('telemetry.log.severalGpus'),
          next: sentence('telemetry.log.severalGpusNext'),
        });
      }
      const byCard = new Map<string, { readonly gpu: LogGpu; readonly columns: Column[] }>();
      headings.forEach((heading, at) => {
        if (at < 2) return;
        const column = columns[at];
        const gpu = sensors ? cardOf(sensors[at] ?? '') : { key: '' };
        if (!column || !gpu) {
          // columns of other hardware are no loss; those about a GPU are named
          const of = sensors && !gpu ? ` of ${sensors[at] ?? ''}` : '';
          if (/^i?GPU /i.test(heading.name)) sink.notTaken(headingText(heading) + of);
          return;
        }
        const card = byCard.get(gpu.key) ?? { gpu, columns: [] };
        byCard.set(gpu.key, card);
        card.columns.push(column);
      });
      const cards = [...byCard.values()].map((card) => ({
        gpu: card.gpu,
        columns: unambiguous(card.columns, sink.notTaken),
      }));
      header = { delimiter, count: headings.length, cards };
      if (cards.length === 0) {
        sink.refuse({ code: 'recording-unreadable', message: sentence('telemetry.log.noGpuColumn') });
      }
    }

    return {
      line(text, number) {
        if (text.trim() === '') return;
        if (HEADER.test(text)) return readHeader(text); // at the end it comes again
        const cells = header && rowOf(text, header.delimiter, header.count);
        if (header && isFooter(cells ?? cellsOf(text, header.delimiter))) return;
        if (!header || !cells) return sink.bad(number, sentence('telemetry.log.bad.columns'));
        const day = parseDate(cells[0]!, order);
        const timeMs = parseTime(cells[1]!);
        if (day === undefined || timeMs === undefined) {
          return sink.bad(
            number,
            sentence('telemetry.log.bad.stamp', { found: `${cells[0]!} ${cells[1]!}`.slice(0, 40) }),
          );
        }
        const tsMs = stamp(day + timeMs);
        for (const { gpu, columns } of header.cards) {
          sink.sample(
            number,
            gpu,
            tsMs,
            frameOf(cells, columns, (why) => sink.bad(number, why)),
          );
        }
      },
      end: () => undefined,
    };
  },
};
