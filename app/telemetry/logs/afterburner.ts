import { text as sentence } from '../../core/i18n.ts';
import {
  conversion,
  frameOf,
  headingText,
  rowOf,
  splitStamp,
  unambiguous,
  type Column,
  type ColumnMeaning,
} from './columns.ts';
import { isOtherMaker, type LogFormat, type LogGpu } from './log.ts';
import { parseDate, parseTime } from './stamps.ts';

/**
 * MSI Afterburner's hardware monitoring log (.hml): records with a code, a stamp and padded cells. 00 begins a session,
 * 01 names the cards, 02 the columns, 03 gives a column's unit, 80 is a row. With several cards names are numbered
 * ("GPU1 temperature"). Left out for the reasons given in gpu-z.ts: hot spot, memory clock, fan turns, limits.
 */
const meanings: readonly ColumnMeaning[] = [
  [/^GPU temperature$/i, 'coreTempC'],
  [/^GPU usage$/i, 'gpuUtilPct'],
  [/^FB usage$/i, 'memUtilPct'],
  [/^Memory usage$/i, 'vramUsedBytes'],
  [/^Core clock$/i, 'graphicsClockMhz'],
  [/^Power$/i, 'powerW'],
  [/^Fan speed(?: 1)?$/i, 'fanPct'],
  [/^Fan speed 2$/i, 'fan2Pct'],
  [/^Fan speed 3$/i, 'fan3Pct'],
];

/** Which card a column is about, and its name without that number. */
function ownerOf(name: string): { readonly card: number; readonly plain: string } {
  const numbered = /^(GPU|FB)(\d+) (.+)$/i.exec(name);
  if (!numbered) return { card: 1, plain: name };
  const rest = numbered[3]!;
  const isPrefix = numbered[1]!.toUpperCase() === 'GPU' && !/^(?:temperature|usage)$/i.test(rest);
  return { card: Number(numbered[2]), plain: isPrefix ? rest : `${numbered[1]!} ${rest}` };
}

/** A record: its code, its stamp, and the cells after them. */
function recordOf(text: string): { readonly code: string; readonly when: string; readonly rest: string } | undefined {
  const first = text.indexOf(',');
  const second = text.indexOf(',', first + 1);
  const code = text.slice(0, Math.max(0, first)).trim();
  if (second < 0 || !/^\d\d$/.test(code)) return undefined;
  return { code, when: text.slice(first + 1, second).trim(), rest: text.slice(second + 1) };
}

type Card = { readonly gpu: LogGpu; readonly columns: readonly Column[] };

export const afterburner: LogFormat = {
  kind: 'afterburner',
  openEnded: true,
  recognises: (head) =>
    /^\s*00\s*,[^,]*,\s*Hardware monitoring log/i.test(head) || /^\s*02\s*,[^,]*\d:\d\d,/.test(head),
  when(line) {
    const record = recordOf(line);
    return record?.code === '80' ? splitStamp(record.when) : undefined;
  },
  open({ sink, stamp, order }) {
    let cards: readonly string[] = [];
    let names: readonly string[] = [];
    let units: string[] = [];
    let layout: readonly Card[] | undefined;

    /** Made at the first row: units come after the names. */
    function makeLayout(): readonly Card[] {
      const byCard = new Map<number, Column[]>();
      names.forEach((name, at) => {
        const { card, plain } = ownerOf(name);
        const key = meanings.find(([pattern]) => pattern.test(plain))?.[1];
        const convert = key && conversion(units[at] ?? '', key);
        const heading = headingText({ name, unit: units[at] ?? '' });
        if (!key || !convert || isOtherMaker(cards[card - 1] ?? '')) {
          sink.notTaken(heading);
          return;
        }
        byCard.set(card, [...(byCard.get(card) ?? []), { at, key, heading, convert }]);
      });
      return [...byCard].map(([card, columns]) => {
        const name = cards[card - 1];
        return {
          gpu: { key: byCard.size > 1 ? String(card) : '', ...(name ? { name } : {}) },
          columns: unambiguous(columns, sink.notTaken),
        };
      });
    }

    function readRow(number: number, when: string, rest: string): void {
      const cells = rowOf(rest, ',', names.length);
      if (names.length === 0 || !cells) return sink.bad(number, sentence('telemetry.log.bad.columns'));
      const { date, time } = splitStamp(when) ?? { date: '', time: '' };
      const day = parseDate(date, order);
      const timeMs = parseTime(time);
      if (day === undefined || timeMs === undefined) {
        return sink.bad(number, sentence('telemetry.log.bad.stamp', { found: when.slice(0, 40) }));
      }
      layout ??= makeLayout();
      if (layout.length === 0) {
        return sink.refuse({ code: 'recording-unreadable', message: sentence('telemetry.log.noGpuColumn') });
      }
      const tsMs = stamp(day + timeMs);
      for (const { gpu, columns } of layout) {
        sink.sample(
          number,
          gpu,
          tsMs,
          frameOf(cells, columns, (why) => sink.bad(number, why)),
        );
      }
    }

    const listed = (rest: string): string[] => rest.split(',').map((cell) => cell.trim());
    return {
      line(text, number) {
        if (text.trim() === '') return;
        const record = recordOf(text);
        if (!record) return sink.bad(number, sentence('telemetry.log.bad.notRecord'));
        const { code, when, rest } = record;
        if (code === '80') return readRow(number, when, rest);
        layout = undefined;
        if (code === '00') [cards, names, units] = [[], [], []];
        else if (code === '01') cards = listed(rest).filter((name) => name !== '');
        else if (code === '02') [names, units] = [listed(rest.replace(/,\s*$/, '')), []];
        else if (code === '03') {
          const [at = '', unit = ''] = listed(rest);
          const column = /^\d+$/.test(at) ? Number(at) : names.indexOf(at);
          if (column >= 0) units[column] = unit;
        } else sink.bad(number, sentence('telemetry.log.bad.recordKind', { kind: code }));
      },
      end: () => undefined,
    };
  },
};
