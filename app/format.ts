import type { Metric } from './metrics.ts';
import type { Settings } from './settings/settings.ts';

/** Numbers and times for people, by locale. Units are kept apart from numbers, so that a page can set them small. */
export type Quantity = { readonly text: string; readonly unit: string };

export type Formatter = {
  readonly metric: (metric: Metric, value: number) => Quantity;
  readonly temperature: (celsius: number, digits?: number) => Quantity;
  /** a difference of temperatures: no offset */
  readonly kelvins: (kelvins: number, digits?: number) => Quantity;
  readonly energy: (joules: number) => Quantity;
  readonly bytes: (bytes: number) => Quantity;
  readonly number: (value: number, digits?: number) => string;
  /** as many digits as the meaning has: two significant ones for modelled numbers */
  readonly significant: (value: number, digits?: number) => string;
  /** a share 0–1 as a percentage without the sign */
  readonly percent: (share: number, digits?: number) => string;
  readonly money: (amount: number) => string;
  readonly duration: (ms: number) => string;
  readonly time: (ms: number) => string;
  readonly date: (ms: number) => string;
  readonly dateTime: (ms: number) => string;
};

const HOUR_MS = 3_600_000;

type Units = Pick<Settings, 'temperatureUnit' | 'currency'>;

/** "Slowburn · °C": quantity in one string. */
export const joined = ({ text, unit }: Quantity): string => (unit === '' ? text : `${text} ${unit}`);

export function createFormatter(locale: string, { temperatureUnit, currency }: Units): Formatter {
  const cache = new Map<string, Intl.NumberFormat>();
  const numberFormat = (options: Intl.NumberFormatOptions): Intl.NumberFormat => {
    const key = JSON.stringify(options);
    let format = cache.get(key);
    if (!format) {
      format = new Intl.NumberFormat(locale, options);
      cache.set(key, format);
    }
    return format;
  };
  const number = (value: number, digits = 0): string =>
    numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  const significant = (value: number, digits = 2): string =>
    numberFormat({ maximumSignificantDigits: digits, minimumSignificantDigits: value === 0 ? 1 : digits }).format(
      value,
    );
  const dateFormat = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, options);
    return (ms: number): string => format.format(ms);
  };
  const unitText = (value: number, unit: string): string =>
    numberFormat({ style: 'unit', unit, unitDisplay: 'narrow', maximumFractionDigits: 0 }).format(value);

  const temperature = (celsius: number, digits = 0): Quantity =>
    temperatureUnit === 'F'
      ? { text: number((celsius * 9) / 5 + 32, digits), unit: '°F' }
      : { text: number(celsius, digits), unit: '°C' };
  const kelvins = (value: number, digits = 0): Quantity =>
    temperatureUnit === 'F'
      ? { text: number((value * 9) / 5, digits), unit: '°F' }
      : { text: number(value, digits), unit: 'K' };
  const bytes = (value: number): Quantity => {
    const step = value >= 2 ** 30 ? ([2 ** 30, 'GiB'] as const) : ([2 ** 20, 'MiB'] as const);
    return { text: number(value / step[0], step[1] === 'GiB' ? 1 : 0), unit: step[1] };
  };

  return {
    number,
    significant,
    temperature,
    kelvins,
    bytes,
    metric(metric, value) {
      if (metric.unit === '°C') return temperature(value, metric.digits);
      if (metric.unit === 'K') return kelvins(value, metric.digits);
      if (metric.unit === 'B') return bytes(value);
      return { text: number(value, metric.digits), unit: metric.unit };
    },
    energy(joules) {
      const wattHours = joules / 3600;
      if (wattHours >= 1000) return { text: significant(wattHours / 1000, 3), unit: 'kWh' };
      if (wattHours >= 1) return { text: significant(wattHours, 3), unit: 'Wh' };
      return { text: significant(joules, 3), unit: 'J' };
    },
    percent: (share, digits = 0) => number(share * 100, digits),
    money: (amount) =>
      numberFormat({ style: 'currency', currency, maximumFractionDigits: amount !== 0 && amount < 0.1 ? 4 : 2 }).format(
        amount,
      ),
    duration(ms) {
      const seconds = Math.round(ms / 1000);
      const hours = Math.floor(seconds / 3600);
      const minutes = Math.floor((seconds % 3600) / 60);
      if (ms >= 48 * HOUR_MS) return `${unitText(Math.floor(hours / 24), 'day')} ${unitText(hours % 24, 'hour')}`;
      if (hours > 0) return `${unitText(hours, 'hour')} ${unitText(minutes, 'minute')}`;
      if (minutes > 0) return `${unitText(minutes, 'minute')} ${unitText(seconds % 60, 'second')}`;
      return unitText(seconds, 'second');
    },
    time: dateFormat({ hour: '2-digit', minute: '2-digit', second: '2-digit' }),
    date: dateFormat({ year: 'numeric', month: 'short', day: 'numeric' }),
    dateTime: dateFormat({ year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }),
  };
}
