import { joined } from '../app/core/format.ts';
import { type Formatter } from '../app/metrics/format.ts';
import { text } from '../app/core/i18n.ts';
import type { Line } from '../app/core/styled-line.ts';
import { metricOf, type MetricKey } from '../app/metrics/metrics.ts';
import { readingOf, valueOf, type Frame } from '../app/metrics/frame.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { statusOf, type Status } from '../app/telemetry/status.ts';
import type { Extremes } from './monitor-view.ts';

/** The last values of slow metrics, which are not read on every tick. */
type Remembered = Map<string, Map<MetricKey, number>>;

export type SortOrder = 'worst' | 'index' | 'power';

const SLOW: readonly MetricKey[] = ['tempSlowdownC', 'powerLimitW', 'fanPct'];
/** How much a row says, the most first. The first form whose columns fit is used. Extras: lowest–highest, and the margin. */
const forms = [
  { longestName: 22, extras: true },
  { longestName: 14, extras: true },
  { longestName: 14, extras: false },
] as const;
type Form = (typeof forms)[number];
const BAR_CELLS = 5;

/** Columns in the order in which they are left out where the terminal is narrow: the last one first. */
const headings = ['cli.gpu', 'cli.temp', 'cli.power', 'cli.load', 'cli.status', 'cli.fan', 'cli.vram'] as const;
/** GPU, core, power, load and status are always shown, cut at the edge if nothing else helps. */
const LEAST_COLUMNS = 5;

const severity: Readonly<Record<Status['level'], number>> = { act: 0, warn: 1, absent: 2, ok: 3, quiet: 4 };
const styles: Readonly<Record<Status['level'], Exclude<Line, string>['style'] | undefined>> = {
  act: 'red',
  warn: 'yellow',
  absent: 'faint',
  ok: undefined,
  quiet: undefined,
};

const recall = (remembered: Remembered, uuid: string, frame: Frame): Map<MetricKey, number> => {
  const known = remembered.get(uuid) ?? new Map<MetricKey, number>();
  remembered.set(uuid, known);
  for (const key of SLOW) {
    const reading = readingOf(frame, key);
    if (reading.state === 'value') known.set(key, reading.value);
    else if (reading.state !== 'unread') known.delete(key);
  }
  return known;
};

/** A share of 100 % as a bar of five cells. */
export function bar(pct: number): string {
  const full = Math.round((Math.min(100, Math.max(0, pct)) / 100) * BAR_CELLS);
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
}

const shortened = (name: string, longest: number): string =>
  name.length <= longest ? name : `${name.slice(0, longest - 1)}…`;

type Row = {
  readonly cells: readonly string[];
  readonly status: Status;
  readonly index: number;
  readonly powerW: number;
};

const compare: Readonly<Record<SortOrder, (a: Row, b: Row) => number>> = {
  worst: (a, b) =>
    severity[a.status.level] - severity[b.status.level] ||
    (a.status.marginK ?? 1000) - (b.status.marginK ?? 1000) ||
    a.index - b.index,
  index: (a, b) => a.index - b.index,
  power: (a, b) => b.powerW - a.powerW || a.index - b.index,
};

/**
 * A table with one row per GPU, for the terminal. An absent reading is a word or a dash, never a number.
 * @param extremesOf lowest and highest value seen of a metric of a card
 */
export function createMonitorTable(extremesOf: (uuid: string, key: MetricKey) => Extremes | undefined) {
  const remembered: Remembered = new Map();

  function rowOf({ gpu, frame }: Tick['gpus'][number], format: Formatter, { longestName, extras }: Form): Row {
    const known = recall(remembered, gpu.uuid, frame);
    const shown = (key: MetricKey, value: number | undefined): string =>
      value === undefined ? '–' : joined(format.metric(metricOf(key), value));
    const show = (key: MetricKey): string => shown(key, valueOf(frame, key));
    const status = statusOf(frame, known.get('tempSlowdownC'));
    const extremes = extremesOf(gpu.uuid, 'coreTempC');
    const degrees = (value: number): string => format.metric(metricOf('coreTempC'), value).text;
    const range = extremes && extras ? ` ${degrees(extremes.min)}–${degrees(extremes.max)}` : '';
    const load = valueOf(frame, 'gpuUtilPct');
    const margin =
      status.marginK === undefined || !extras
        ? ''
        : ` · ${text('status.margin', { margin: joined(format.kelvins(status.marginK)) })}`;
    return {
      cells: [
        shortened(`${gpu.index} ${gpu.name}`, longestName),
        show('coreTempC') + range,
        `${show('powerW')} / ${shown('powerLimitW', known.get('powerLimitW'))}`,
        load === undefined ? '–' : `${bar(load)} ${show('gpuUtilPct')}`,
        text(`status.${status.key}`) + margin,
        shown('fanPct', known.get('fanPct')),
        `${show('vramUsedBytes')} / ${show('vramTotalBytes')}`,
      ],
      status,
      index: gpu.index,
      powerW: valueOf(frame, 'powerW') ?? -1,
    };
  }

  /** Rows, the width of each column, how many columns are shown, and whether these fit. */
  function layout(tick: Tick, format: Formatter, columns: number, form: Form) {
    const rows = tick.gpus.map((one) => rowOf(one, format, form));
    const heading = headings.map((key) => text(key));
    const widths = heading.map((cell, i) => Math.max(cell.length, ...rows.map(({ cells }) => cells[i]!.length)));
    const widthOf = (count: number): number =>
      widths.slice(0, count).reduce((sum, width) => sum + width, 2 * (count - 1));
    let count = widths.length;
    while (count > LEAST_COLUMNS && widthOf(count) > columns) count--;
    return { rows, heading, widths, count, fits: widthOf(count) <= columns };
  }

  /** @param columns width of the terminal; undefined: not limited */
  return (tick: Tick, format: Formatter, order: SortOrder, columns = Infinity): Line[] => {
    const layouts = forms.map((form) => layout(tick, format, columns, form));
    const { rows, heading, widths, count } = layouts.find(({ fits }) => fits) ?? layouts.at(-1)!;
    const lineOf = (cells: readonly string[]): string => {
      const line = cells.slice(0, count).map((cell, i) => cell.padEnd(widths[i]!));
      return shortened(line.join('  ').trimEnd(), columns); // a long status is cut
    };
    return [
      { text: lineOf(heading), style: 'bold' },
      ...rows.sort(compare[order]).map(({ cells, status }): Line => {
        const style = styles[status.level];
        return style ? { text: lineOf(cells), style } : lineOf(cells);
      }),
    ];
  };
}
