import { createNumberFormatter, type NumberFormatter, type Quantity, type Units } from '../core/format.ts';
import type { Metric } from './metrics.ts';
import { reasonsIn } from './throttle-reasons.ts';

/** Numbers, times and readings for people, by locale. */
export type Formatter = NumberFormatter & {
  /** a value of a metric; codes are shown in the driver's words */
  readonly metric: (metric: Metric, value: number) => Quantity;
};

export function createFormatter(locale: string, units: Units): Formatter {
  const numbers = createNumberFormatter(locale, units);
  const { number, temperature, kelvins, bytes, energy } = numbers;
  return {
    ...numbers,
    metric(metric, value) {
      if (metric.unit === '°C') return temperature(value, metric.digits);
      if (metric.unit === 'K') return kelvins(value, metric.digits);
      if (metric.unit === 'B') return bytes(value, metric.digits);
      if (metric.unit === 'mJ') return energy(value / 1000);
      if (metric.unit === 'B/s') return { text: number(value / 1e6, 1), unit: 'MB/s' };
      if (metric.unit === 'µs') return { text: number(value / 1e6, 1), unit: 's' };
      if (metric.key === 'pstate') return { text: `P${value}`, unit: '' };
      if (metric.key === 'throttleReasons') {
        const names = reasonsIn(value).map(({ name }) => name);
        return { text: names.join(', ') || '0', unit: '' };
      }
      const word = Object.entries(metric.words ?? {}).find(([, code]) => code === value)?.[0];
      if (word !== undefined) return { text: word, unit: '' };
      return { text: number(value, metric.digits), unit: metric.unit };
    },
  };
}
