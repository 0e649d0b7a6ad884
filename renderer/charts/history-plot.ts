// What a history chart draws: columns, axes, marks, and time that was not observed.
import type uPlot from 'uplot';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/core/format.ts';
import type { Formatter } from '../../app/metrics/format.ts';
import { stretches } from '../../app/history/segments.ts';
import type { Metric } from '../../app/metrics/metrics.ts';
import { scaleOf } from '../../app/core/scale.ts';
import type { EventKind } from '../../app/history/events.ts';
import { colour } from './colour.ts';
import type { View } from './view.ts';

export type HistoryRange = ResponseOf<'history.range'>;
export type TimeMark = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly kind: 'alert' | 'session' | EventKind;
};

export type ChartProps = {
  readonly metric: Metric;
  readonly range: HistoryRange;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly marks: readonly TimeMark[];
  readonly format: Formatter;
  /** draws the time axis: charts on a page share one */
  readonly axis: boolean;
  readonly title: string;
  readonly words: { readonly mean: string; readonly lowest: string; readonly highest: string };
};

const PLOT_PX = 104;
const AXIS_PX = 24;
/** the width of the labels of the event rail below, so that marks are below what they mark */
const LABELS_PX = 108;

export const heightOf = (axis: boolean): number => PLOT_PX + (axis ? AXIS_PX : 0);

/** Steps of a scale that whole numbers can label, and the same for bytes. */
const DECIMAL = [0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));
const BINARY = Array.from({ length: 24 }, (_, power) => 2 ** (20 + power));

/** Columns for uPlot: times, lowest, highest, mean; a null between two observed stretches breaks the line there. */
export function columnsOf(range: HistoryRange, metric: Metric): uPlot.AlignedData {
  const series = range.series[metric.key];
  const [times, low, high, mean]: [number[], (number | null)[], (number | null)[], (number | null)[]] = [
    [],
    [],
    [],
    [],
  ];
  if (!series) return [times, low, high, mean];
  for (const run of stretches(series.mean, range.stepMs)) {
    for (const i of run) {
      times.push(range.fromMs + (i + 0.5) * range.stepMs);
      low.push(series.min[i]!);
      high.push(series.max[i]!);
      mean.push(series.mean[i]!);
    }
    times.push(range.fromMs + (run.at(-1)! + 1) * range.stepMs);
    low.push(null);
    high.push(null);
    mean.push(null);
  }
  return [times, low, high, mean];
}

/** Diagonal lines: time that was not observed. */
function hatch(context: CanvasRenderingContext2D, stroke: string): CanvasPattern | string {
  const tile = document.createElement('canvas');
  const size = 8;
  tile.width = tile.height = size;
  const pen = tile.getContext('2d')!;
  pen.strokeStyle = stroke;
  pen.lineWidth = 1.25;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return context.createPattern(tile, 'repeat') ?? stroke;
}

/** What a chart reads while uPlot draws and the mouse moves: always that of the last render. */
export type Current = Omit<ChartProps, 'axis' | 'title'>;

function drawBehind(plot: uPlot, { range, marks }: Current): void {
  const { ctx, bbox } = plot;
  const x = (ms: number): number => Math.min(Math.max(plot.valToPos(ms, 'x', true), bbox.left), bbox.left + bbox.width);
  ctx.save();
  for (const { kind, fromMs, toMs } of marks) {
    if (kind !== 'session' && kind !== 'asleep') continue;
    ctx.fillStyle = colour(kind === 'session' ? '--accent' : '--faint');
    ctx.globalAlpha = kind === 'session' ? 0.1 : 0.16;
    ctx.fillRect(x(fromMs), bbox.top, Math.max(1, x(toMs) - x(fromMs)), bbox.height);
  }
  ctx.globalAlpha = 0.6;
  ctx.fillStyle = hatch(ctx, colour('--faint'));
  for (const { fromMs, toMs } of range.gaps) {
    ctx.fillRect(x(fromMs), bbox.top, Math.max(1, x(toMs) - x(fromMs)), bbox.height);
  }
  ctx.restore();
}

const lines = { alert: '--act', driver: '--accent', reset: '--warn', lost: '--act', stopped: '--act' } as const;

function drawMarks(plot: uPlot, { marks }: Current): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { kind, fromMs } of marks) {
    if (kind === 'session' || kind === 'asleep') continue;
    const x = Math.round(plot.valToPos(fromMs, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colour(lines[kind]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Single samples with time not observed on both sides: a line would not show them. */
const alone: uPlot.Series.Points.Filter = (plot, series, show) => {
  const values = plot.data[series]!;
  const [first, last] = plot.series[0]!.idxs ?? [0, values.length - 1];
  if (!show) return null;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).filter(
    (i) => values[i] != null && values[i - 1] == null && values[i + 1] == null,
  );
};

/** Whether the unit of a value depends on its size: then each value has it, and the title has none. */
export const isScaled = ({ unit }: Metric): boolean => unit === 'B';

/** How a chart is drawn and what the mouse does in it. */
export function optionsOf(
  element: HTMLElement,
  axis: boolean,
  current: () => Current,
  read: (plot: uPlot) => void,
): uPlot.Options {
  const grid = { stroke: colour('--line'), width: 1 };
  const show = (value: number): string => {
    const { format, metric } = current();
    const quantity = format.metric(metric, value);
    return isScaled(metric) ? joined(quantity) : quantity.text;
  };
  const text = { stroke: colour('--quiet'), font: '11px system-ui, sans-serif', ticks: { show: false } } as const;
  return {
    width: element.clientWidth || 600,
    height: heightOf(axis),
    ms: 1,
    padding: [6, 12, axis ? 0 : 6, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'history' },
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
    },
    scales: {
      x: { time: true, auto: false },
      y: {
        // of what is in view
        range: (_plot, lowest, highest) => {
          const scale = scaleOf(current().metric.unit, lowest, highest);
          return scale ? [scale.low, scale.high] : [0, 1];
        },
      },
    },
    axes: [
      {
        ...text,
        show: axis,
        size: AXIS_PX,
        space: 90,
        incrs: TIME_STEPS,
        grid: { show: false },
        values: (_plot, ticks, __, ___, step) => timeTicks(ticks, step, current().format),
      },
      {
        ...text,
        size: LABELS_PX,
        gap: 6,
        grid,
        space: 26,
        incrs: current().metric.unit === 'B' ? BINARY : DECIMAL,
        values: (_plot, ticks) => ticks.map(show),
      },
    ],
    bands: [{ series: [2, 1], fill: `color-mix(in srgb, ${colour('--ink')} 16%, transparent)` }],
    series: [
      {},
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      { stroke: colour('--ink'), width: 1.4, points: { show: true, size: 3, fill: colour('--ink'), filter: alone } },
    ],
    hooks: {
      drawClear: [(plot) => drawBehind(plot, current())],
      draw: [(plot) => drawMarks(plot, current())],
      setCursor: [read],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          const [fromMs, toMs] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          current().onView({ fromMs, toMs });
        },
      ],
    },
  };
}

const DAY_MS = 86_400_000;
/** Steps of the time axis: seconds to a year. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200]
  .map((seconds) => seconds * 1000)
  .concat([1, 2, 4, 7, 14, 30, 61, 91, 182, 365].map((days) => days * DAY_MS));

/** Labels of the time axis: seconds only where they differ, dates from days on and at each midnight. */
function timeTicks(ticks: readonly number[], stepMs: number, format: Formatter): string[] {
  return ticks.map((ms) => {
    const clock = format.time(ms);
    const midnight = new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0;
    if (stepMs >= DAY_MS || (midnight && stepMs >= 3_600_000)) return format.date(ms).replace(/,? \d{4}$/, '');
    return stepMs < 60_000 ? clock : clock.replace(/(:\d\d):\d\d/, '$1');
  });
}
