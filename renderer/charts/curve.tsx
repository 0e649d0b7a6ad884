import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import css from './history-chart.module.css';

export type CurvePoint = { readonly at: number; readonly amount: number | undefined };
export type CurveProps = {
  /** in order of `at` */
  readonly points: readonly CurvePoint[];
  readonly xText: (at: number) => string;
  readonly yText: (amount: number) => string;
  /** a place that is marked, with its word */
  readonly mark?: { readonly at: number; readonly label: string };
};

const tick = { fill: 'var(--quiet)', fontSize: 11 } as const;

/** One quantity over another, a point each, for instance over the power cap. What was not observed is left out. */
export function Curve({ points, xText, yText, mark }: CurveProps) {
  return (
    <ResponsiveContainer width="100%" height={150}>
      <LineChart data={points.map((point) => ({ ...point }))} margin={{ top: 16, right: 16, bottom: 0, left: 0 }}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="at"
          type="number"
          domain={['dataMin', 'dataMax']}
          ticks={points.map(({ at }) => at)}
          tickFormatter={xText}
          tick={tick}
          stroke="var(--line)"
          tickLine={false}
          minTickGap={12}
        />
        <YAxis width={58} domain={['auto', 'auto']} tickFormatter={yText} tick={tick} stroke="none" tickCount={4} />
        {mark && (
          <ReferenceLine
            x={mark.at}
            stroke="var(--accent)"
            strokeDasharray="3 3"
            label={{ value: mark.label, position: 'top', fill: 'var(--accent)', fontSize: 11 }}
          />
        )}
        <Line
          dataKey="amount"
          connectNulls={false}
          isAnimationActive={false}
          stroke="var(--quiet)"
          strokeWidth={1.5}
          dot={{ r: 3, fill: 'var(--surface)', stroke: 'var(--quiet)' }}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: 'var(--line)' }}
          content={({ active, payload }) => {
            const point = (payload as unknown as { payload: CurvePoint }[] | undefined)?.[0]?.payload;
            if (!active || point?.amount === undefined) return null;
            return <div className={css.readout}>{`${yText(point.amount)} · ${xText(point.at)}`}</div>;
          }}
        />
      </LineChart>
    </ResponsiveContainer>
  );
}
