/** How often a metric is read, depending on its cost and how fast it changes. `pace.ts` defines the seconds. */
export const cadences = [
  'tick', // every sample
  'slow', // every few seconds: expensive to read, or only changed by a person
  'rare', // every minute: health counters and properties of the card
  'request', // with `slow`, and only if a person turned it on
] as const;
export type Cadence = (typeof cadences)[number];

export type MetricRow = {
  readonly key: string;
  /** stable number of the metric in histories: never reused */
  readonly id: number;
  readonly unit: '°C' | 'K' | 'W' | 'mJ' | '%' | 'B' | 'B/s' | 'MHz' | 'µs' | 'rpm' | '';
  /** gauge: a level; counter: increases until it is reset; state: a code, count or bit mask, never averaged */
  readonly kind: 'gauge' | 'counter' | 'state';
  readonly cadence: Cadence;
  /** stored as the integer round(value × scale) */
  readonly scale: number;
  /** plausible values: generous bounds that reject sentinel values */
  readonly range: readonly [number, number];
  /** decimals shown */
  readonly digits: number;
  /** the words that nvidia-smi prints instead of a number, and their numbers */
  readonly words?: Readonly<Record<string, number>>;
  readonly nvml: readonly string[];
  readonly xml: readonly string[];
  readonly csv: readonly string[];
  /** where the meaning is documented, and what users should know about it */
  readonly doc: string;
};

const TEMPERATURE = [-40, 150] as const; // a GDDR junction may pass 110 °C; 255 °C is a known sentinel
const POWER = [0, 3000] as const; // the largest modules draw about 1,400 W
const PERCENT = [0, 100] as const;
const CLOCK = [0, 40_000] as const; // GDDR7 reads 14,001 MHz
const BYTES = [0, 2 ** 44] as const; // 16 TiB; WSL has reported 17179869184 GiB
const COUNTER = [0, 2 ** 53 - 1] as const;
const COUNT = [0, 2 ** 32 - 2] as const; // NVML reports "no value" as all ones

export const celsius = { unit: '°C', kind: 'gauge', scale: 10, range: TEMPERATURE, digits: 0 } as const;
export const watts = { unit: 'W', kind: 'gauge', scale: 1000, range: POWER, digits: 0 } as const;
export const percent = { unit: '%', kind: 'gauge', scale: 10, range: PERCENT, digits: 0 } as const;
export const megahertz = { unit: 'MHz', kind: 'gauge', scale: 10, range: CLOCK, digits: 0 } as const;
export const bytes = { unit: 'B', kind: 'gauge', scale: 1, range: BYTES, digits: 1 } as const;
/** energy in mJ, time in µs */
export const amount = { kind: 'counter', scale: 1, range: COUNTER, digits: 0 } as const;
/** a number of events */
export const events = { unit: '', kind: 'counter', scale: 1, range: COUNT, digits: 0 } as const;
/** a code or a small number: averaging it makes no sense */
export const state = { unit: '', kind: 'state', scale: 1, digits: 0 } as const;

export const YES_NO = { No: 0, Yes: 1 } as const;
export const ON_OFF = { Disabled: 0, Enabled: 1 } as const;
