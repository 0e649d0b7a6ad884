import { memo, useMemo } from 'react';
import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import type { ResponseOf } from '../../app/contract/channels.ts';
import type { Formatter, Quantity } from '../../app/format.ts';
import { stretches } from '../../app/history/segments.ts';
import type { Metric } from '../../app/metrics.ts';
import { scaleAround } from '../../app/scale.ts';
import css from './history-chart.module.css';

export type HistoryRange = ResponseOf<'history.range'>;
export type TimeMark = { readonly fromMs: number; readonly toMs: number; readonly kind: 'alert' | 'session' };

type Point = { readonly time: number; readonly mean: number | null; readonly band: readonly [number, number] | null };

type Props = {
  readonly metric: Metric;
  readonly range: HistoryRange;
  readonly fromMs: number;
  readonly toMs: number;
  readonly marks: readonly TimeMark[];
  readonly format: Formatter;
  /** draws the time axis: charts on a page share one */
  readonly axis: boolean;
  readonly labels: { readonly mean: string; readonly lowest: string; readonly highest: string };
};

const DAY_MS = 86_400_000;
const ticks = 6;

/** Points of the observed stretches, with an empty one between two stretches so that the line breaks there. */
function pointsOf(range: HistoryRange, metric: Metric): Point[] {
  const series = range.series[metric.key];
  if (!series) return [];
  const at = (i: number): number => range.fromMs + (i + 0.5) * range.stepMs;
  return stretches(series.mean, range.stepMs).flatMap((run) => [
    ...run.map((i) => ({ time: at(i), mean: series.mean[i]!, band: [series.min[i]!, series.max[i]!] as const })),
    { time: at(run.at(-1)! + 0.5), mean: null, band: null },
  ]);
}

function Readout({
  point,
  show,
  format,
  labels,
}: {
  point: Point;
  show: (value: number) => Quantity;
  format: Formatter;
  labels: Props['labels'];
}) {
  const text = (value: number) => `${show(value).text} ${show(value).unit}`;
  return (
    <div className={css.readout}>
      <div>{format.dateTime(point.time)} </div>
      {point.mean !== null && point.band && (
        <table>
          <tbody>
            <tr>
              <td>{labels.highest}</td>
              <td>{text(point.band[1])}</td>
            </tr>
            <tr>
              <td>{labels.mean}</td>
              <td>{text(point.mean)}</td>
            </tr>
            <tr>
              <td>{labels.lowest}</td>
              <td>{text(point.band[0])}</td>
            </tr>
          </tbody>
        </table>
      )}
    </div>
  );
}

/** One reading over time: the mean as a line, lowest to highest as a band, time not observed hatched. */
export const HistoryChart = memo(function HistoryChart({
  metric,
  range,
  fromMs,
  toMs,
  marks,
  format,
  axis,
  labels,
}: Props) {
  const points = useMemo(() => pointsOf(range, metric), [range, metric]);
  const show = (value: number): Quantity => format.metric(metric, value);
  const timeTick = (ms: number): string =>
    toMs - fromMs > 2 * DAY_MS ? format.date(ms) : format.time(ms).replace(/(:\d\d):\d\d/, '$1');
  const values = points.flatMap(({ band }) => band ?? []);
  const percent = metric.unit === '%';
  const scale = scaleAround(percent ? [0, 100, ...values] : values, {
    fromZero: metric.unit === 'W' || metric.unit === 'B',
    parts: 3,
  });
  const step = (toMs - fromMs) / (ticks - 1);

  return (
    <div className={css.chart}>
      <ResponsiveContainer width="100%" height={axis ? 132 : 112}>
        <ComposedChart
          data={points}
          syncId="history"
          syncMethod="value"
          margin={{ top: 6, right: 12, bottom: 0, left: 0 }}
        >
          <defs>
            <pattern
              id={`hatch-${metric.key}`}
              width="6"
              height="6"
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <line x1="0" y1="0" x2="0" y2="6" className={css.hatch} />
            </pattern>
          </defs>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="time"
            height={20}
            hide={!axis}
            type="number"
            domain={[fromMs, toMs]}
            allowDataOverflow
            ticks={Array.from({ length: ticks }, (_, i) => fromMs + i * step)}
            tickFormatter={timeTick}
            tick={{ fill: 'var(--quiet)', fontSize: 11 }}
            stroke="var(--line)"
            tickLine={false}
          />
          <YAxis
            domain={scale && [scale.low, scale.high]}
            ticks={scale?.ticks}
            width={56}
            tickFormatter={(value: number) => show(value).text}
            tick={{ fill: 'var(--quiet)', fontSize: 11 }}
            stroke="none"
          />
          {marks.map((mark) =>
            mark.kind === 'session' ? (
              <ReferenceArea
                key={`s${mark.fromMs}`}
                x1={Math.max(fromMs, mark.fromMs)}
                x2={Math.min(toMs, mark.toMs)}
                fill="var(--accent)"
                fillOpacity={0.08}
                ifOverflow="hidden"
              />
            ) : (
              <ReferenceLine
                key={`a${mark.fromMs}`}
                x={mark.fromMs}
                stroke="var(--act)"
                strokeDasharray="3 3"
                ifOverflow="hidden"
              />
            ),
          )}
          {range.gaps.map((gap) => (
            <ReferenceArea
              key={`g${gap.fromMs}`}
              x1={Math.max(fromMs, gap.fromMs)}
              x2={Math.min(toMs, gap.toMs)}
              fill={`url(#hatch-${metric.key})`}
              fillOpacity={1}
              ifOverflow="hidden"
            />
          ))}
          <Area
            dataKey="band"
            stroke="none"
            fill="var(--ink)"
            fillOpacity={0.16}
            isAnimationActive={false}
            activeDot={false}
          />
          <Line
            dataKey="mean"
            stroke="var(--ink)"
            strokeWidth={1.4}
            dot={false}
            isAnimationActive={false}
            activeDot={{ r: 3 }}
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: 'var(--faint)' }}
            content={({ active, payload }) => {
              const point = (payload as unknown as { payload: Point }[] | undefined)?.[0]?.payload;
              return active && point ? <Readout point={point} show={show} format={format} labels={labels} /> : null;
            }}
          />
        </ComposedChart>
      </ResponsiveContainer>
    </div>
  );
});
