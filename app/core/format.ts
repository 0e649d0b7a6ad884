/** A number for people and its unit, which are separate so that a page can style the unit. */
export type Quantity = { readonly text: string; readonly unit: string };

export type NumberFormatter = {
  readonly temperature: (celsius: number, digits?: number) => Quantity;
  /** a temperature difference: converted without the offset of the scale */
  readonly kelvins: (kelvins: number, digits?: number) => Quantity;
  readonly energy: (joules: number) => Quantity;
  /** energy of one output: always joules, with the prefix that keeps it short */
  readonly joules: (joules: number) => Quantity;
  readonly bytes: (bytes: number, digits?: number) => Quantity;
  readonly number: (value: number, digits?: number) => string;
  /** with a number of significant digits: two suit modelled numbers */
  readonly significant: (value: number, digits?: number) => string;
  /** a share 0–1 as a percentage without the sign */
  readonly percent: (share: number, digits?: number) => string;
  /** an amount of the currency; below a tenth in its hundredths where these have a common sign: "0.034 ct" */
  readonly money: (amount: number) => string;
  readonly duration: (ms: number) => string;
  readonly time: (ms: number) => string;
  readonly date: (ms: number) => string;
  readonly dateTime: (ms: number) => string;
};

export type Units = { readonly temperatureUnit: 'C' | 'F'; readonly currency: string };

/** Signs of the hundredth of a currency. Intl has none. */
const HUNDREDTHS: Readonly<Record<string, string>> = {
  EUR: 'ct',
  USD: '¢',
  CAD: '¢',
  AUD: '¢',
  NZD: '¢',
  GBP: 'p',
};

/** A quantity as one text, for example "67 °C". */
export const joined = ({ text, unit }: Quantity): string => (unit === '' ? text : `${text} ${unit}`);

export function createNumberFormatter(locale: string, { temperatureUnit, currency }: Units): NumberFormatter {
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

  const temperature = (celsius: number, digits = 0): Quantity =>
    temperatureUnit === 'F'
      ? { text: number((celsius * 9) / 5 + 32, digits), unit: '°F' }
      : { text: number(celsius, digits), unit: '°C' };
  const kelvins = (value: number, digits = 0): Quantity =>
    temperatureUnit === 'F'
      ? { text: number((value * 9) / 5, digits), unit: '°F' }
      : { text: number(value, digits), unit: 'K' };
  const bytes = (value: number, digits = 1): Quantity =>
    value >= 2 ** 30
      ? { text: number(value / 2 ** 30, digits), unit: 'GiB' }
      : value >= 2 ** 20 || value === 0
        ? { text: number(value / 2 ** 20), unit: 'MiB' }
        : { text: number(value / 2 ** 10), unit: 'KiB' };

  const joules = (value: number): Quantity => {
    if (value >= 1e6) return { text: significant(value / 1e6, 3), unit: 'MJ' };
    if (value >= 1000) return { text: significant(value / 1000, 3), unit: 'kJ' };
    return { text: significant(value, 3), unit: 'J' };
  };

  return {
    number,
    significant,
    temperature,
    kelvins,
    bytes,
    joules,
    energy(value) {
      const wattHours = value / 3600;
      if (wattHours >= 1000) return { text: significant(wattHours / 1000, 3), unit: 'kWh' };
      if (wattHours >= 1) return { text: significant(wattHours, 3), unit: 'Wh' };
      return joules(value);
    },
    percent: (share, digits = 0) => number(share * 100, digits),
    money(amount) {
      // an image costs a fraction of a cent: three significant digits
      const isSmall = Math.abs(amount) > 0 && Math.abs(amount) < 0.1;
      const hundredth = HUNDREDTHS[currency];
      if (isSmall && hundredth)
        return `${numberFormat({ maximumSignificantDigits: 3 }).format(amount * 100)} ${hundredth}`;
      return numberFormat({
        style: 'currency',
        currency,
        ...(isSmall ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2 }),
      }).format(amount);
    },
    duration(ms) {
      // SI symbols need no translation
      if (ms > 0 && ms < 50) return `${significant(ms / 1000, 1)} s`;
      const tenths = Math.round(ms / 100);
      if (tenths < 100 && tenths % 10 !== 0) return `${number(tenths / 10, 1)} s`; // a short command is not rounded by half
      const seconds = Math.round(ms / 1000);
      const hours = Math.floor(seconds / 3600);
      const minutes = Math.floor((seconds % 3600) / 60);
      const two = (large: string, rest: number, unit: string): string =>
        rest === 0 ? large : `${large} ${rest} ${unit}`;
      if (hours >= 48) return two(`${number(Math.floor(hours / 24))} d`, hours % 24, 'h');
      if (hours > 0) return two(`${hours} h`, minutes, 'min');
      if (minutes > 0) return two(`${minutes} min`, seconds % 60, 's');
      return `${seconds} s`;
    },
    time: dateFormat({ hour: 'numeric', minute: '2-digit', second: '2-digit' }),
    date: dateFormat({ year: 'numeric', month: 'short', day: 'numeric' }),
    dateTime: dateFormat({ year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' }),
  };
}
