import { Bar, BarChart, CartesianGrid, ResponsiveContainer, XAxis, YAxis, Tooltip } from 'recharts';
import css from './history-chart.module.css';

export type BarsProps = {
  readonly data: readonly { readonly at: number; readonly amount: number }[];
  readonly xText: (at: number) => string;
  readonly yText: (amount: number) => string;
  readonly readout: (at: number, amount: number) => string;
  /** outlined bars: modelled */
  readonly modelled?: boolean;
};

/** A histogram. */
export function Bars({ data, xText, yText, readout, modelled = false }: BarsProps) {
  return (
    <ResponsiveContainer width="100%" height={180}>
      <BarChart data={[...data]} margin={{ top: 6, right: 8, bottom: 0, left: 0 }} barCategoryGap={1}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="at"
          tickFormatter={xText}
          tick={{ fill: 'var(--quiet)', fontSize: 11 }}
          stroke="var(--line)"
          tickLine={false}
          minTickGap={24}
        />
        <YAxis
          width={52}
          tickFormatter={yText}
          tick={{ fill: 'var(--quiet)', fontSize: 11 }}
          stroke="none"
          tickCount={4}
        />
        <Bar
          dataKey="amount"
          isAnimationActive={false}
          maxBarSize={28}
          fill={modelled ? 'none' : 'var(--quiet)'}
          stroke={modelled ? 'var(--quiet)' : 'none'}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={{ fill: 'var(--sunken)' }}
          content={({ active, payload }) => {
            const bar = (payload as unknown as { payload: { at: number; amount: number } }[] | undefined)?.[0]?.payload;
            return active && bar ? <div className={css.readout}>{readout(bar.at, bar.amount)}</div> : null;
          }}
        />
      </BarChart>
    </ResponsiveContainer>
  );
}
