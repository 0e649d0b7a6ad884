import { joined } from '../app/core/format.ts';
import { text } from '../app/core/i18n.ts';
import type { Line } from '../app/core/styled-line.ts';
import { valueOf } from '../app/metrics/frame.ts';
import type { Formatter } from '../app/metrics/format.ts';
import { metricOf, type MetricKey } from '../app/metrics/metrics.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { createMonitorTable, type SortOrder } from './table.ts';

/** Lowest and highest value seen of one metric. */
export type Extremes = { readonly min: number; readonly max: number };

const FOLLOWED = ['coreTempC', 'powerW'] as const satisfies readonly MetricKey[];
const orders: readonly SortOrder[] = ['worst', 'index', 'power'];

/** What `monitor` shows besides faults and alerts: the table, the help of its keys, and at the end a summary. */
export function createMonitorView() {
  const seen = new Map<string, { readonly name: string; readonly extremes: Map<MetricKey, Extremes> }>();
  const table = createMonitorTable((uuid, key) => seen.get(uuid)?.extremes.get(key));
  let order: SortOrder = 'worst';
  let help = false;
  let firstMs: number | undefined;
  let lastMs = 0;

  return {
    /** Notes the values of a tick, whether it is shown or not. */
    take({ tsMs, gpus }: Tick): void {
      firstMs ??= tsMs;
      lastMs = tsMs;
      for (const { gpu, frame } of gpus) {
        const known = seen.get(gpu.uuid) ?? {
          name: `${gpu.index} ${gpu.name}`,
          extremes: new Map<MetricKey, Extremes>(),
        };
        seen.set(gpu.uuid, known);
        for (const key of FOLLOWED) {
          const value = valueOf(frame, key);
          if (value === undefined) continue;
          const { min, max } = known.extremes.get(key) ?? { min: value, max: value };
          known.extremes.set(key, { min: Math.min(min, value), max: Math.max(max, value) });
        }
      }
    },
    /** @param columns width of the terminal; undefined: not limited */
    lines(tick: Tick, format: Formatter, columns: number | undefined): Line[] {
      const now = help ? ['', text('cli.monitor.keys', { order: text(`cli.monitor.order.${order}`) })] : [];
      return [...table(tick, format, order, columns), ...now];
    },
    /** What a key does; `quit` ends the command. */
    key(name: string): 'quit' | 'redraw' | undefined {
      if (name === 'q') return 'quit';
      if (name === 's') order = orders[(orders.indexOf(order) + 1) % orders.length]!;
      else if (name === '?') help = !help;
      else return undefined;
      return 'redraw';
    },
    /** One line per card: lowest and highest temperature and power. Empty if no tick came. */
    summary(format: Formatter): string[] {
      if (firstMs === undefined) return [];
      const range = ({ extremes }: { readonly extremes: Map<MetricKey, Extremes> }, key: MetricKey): string => {
        const found = extremes.get(key);
        const show = (value: number): string => joined(format.metric(metricOf(key), value));
        return found ? `${show(found.min)} – ${show(found.max)}` : text('cli.monitor.notReported');
      };
      return [
        text('cli.monitor.summary', { duration: format.duration(lastMs - firstMs) }),
        ...[...seen.values()].map((card) =>
          text('cli.monitor.summaryCard', {
            gpu: card.name,
            temperature: range(card, 'coreTempC'),
            power: range(card, 'powerW'),
          }),
        ),
      ];
    },
  };
}
