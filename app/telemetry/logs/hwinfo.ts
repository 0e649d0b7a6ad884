import { text as sentence } from '../../core/i18n.ts';
import type { AppError } from '../../core/result.ts';
import { cellsOf, columnFor, delimiterOf, frameOf, headingText, parseHeading, rowOf, unambiguous } from './columns.ts';
import type { Column, Delimiter } from './columns.ts';
import { hwinfoNames, languageOf } from './hwinfo-names.ts';
import { hwinfoSensors, type Sensors } from './hwinfo-sensors.ts';
import type { LogFormat, LogGpu } from './log.ts';
import { parseDate, parseTime } from './stamps.ts';

// HWiNFO's log: a header, rows, and at the end the header again with a line that names the sensor of each column.

const HEADER = /^\uFEFF?\s*"?Date"?[^\S\t]*([,;\t])\s*"?Time"?[^\S\t]*[,;\t].*\[/;

type Card = { readonly gpu: LogGpu; readonly columns: readonly Column[] };
type Header = { readonly delimiter: Delimiter; readonly count: number; readonly cards: readonly Card[] };

/** The row that names sensors: date and time have none. */
const isFooter = (cells: readonly string[]): boolean => cells[0] === '' && cells[1] === '' && cells.length > 2;

const refusal = (message: string, next?: string): AppError => ({
  code: 'recording-unreadable',
  message,
  ...(next === undefined ? {} : { next }),
});

/** Why no column can be used. */
function whyNone(header: string): AppError {
  const language = languageOf(header);
  return language === undefined
    ? refusal(sentence('telemetry.log.noGpuColumn'))
    : refusal(sentence('telemetry.log.otherLanguage', { language }), sentence('telemetry.log.otherLanguageNext'));
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
    let headerText = '';

    /** Why it cannot be told which card a column is about; undefined: it can. */
    function whyUnclear(sensors: Sensors, columns: readonly (Column | undefined)[]): AppError | undefined {
      if (sensors.kind === 'unaligned') {
        return refusal(sentence('telemetry.log.sensorCommas', sensors), sentence('telemetry.log.sensorCommasNext'));
      }
      const several = columns.filter((column) => column?.key === 'coreTempC').length > 1;
      return sensors.kind === 'none' && several
        ? refusal(sentence('telemetry.log.severalGpus'), sentence('telemetry.log.severalGpusNext'))
        : undefined;
    }

    function readHeader(text: string): void {
      const line = text.replace(/^\uFEFF/, '');
      const delimiter = delimiterOf(line);
      const headings = cellsOf(line, delimiter).map(parseHeading);
      const columns = headings.map((heading, at) => (at < 2 ? undefined : columnFor(at, heading, hwinfoNames)));
      const footer = lastLines.map((last) => cellsOf(last, delimiter)).find(isFooter);
      const sensors = hwinfoSensors(footer, headings.length);
      const unclear = whyUnclear(sensors, columns);
      if (unclear) return sink.refuse(unclear);
      const byCard = new Map<string, { readonly gpu: LogGpu; readonly columns: Column[] }>();
      const others = new Map<string, number>();
      headings.forEach((heading, at) => {
        if (at < 2) return;
        const { gpu, sensor } = sensors.of(at);
        const column = columns[at];
        if (gpu && column) {
          const card = byCard.get(gpu.key) ?? { gpu, columns: [] };
          byCard.set(gpu.key, card);
          card.columns.push(column);
        } else if (gpu) sink.notTaken(headingText(heading));
        else others.set(sensor, (others.get(sensor) ?? 0) + 1);
      });
      // hundreds of columns are about other hardware: one name each is enough
      for (const [sensor, count] of others) sink.notTaken(sentence('telemetry.log.sensorColumns', { sensor, count }));
      const cards = [...byCard.values()].map((card) => ({
        gpu: card.gpu,
        columns: unambiguous(card.columns, sink.notTaken),
      }));
      header = { delimiter, count: headings.length, cards };
      if (cards.every((card) => card.columns.length === 0)) sink.refuse(whyNone(line));
    }

    return {
      line(text, number) {
        if (text.trim() === '') return;
        if (text === headerText) return; // at the end it comes again
        if (HEADER.test(text)) return readHeader((headerText = text));
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
