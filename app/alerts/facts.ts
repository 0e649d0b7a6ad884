import { isMetricKey, type MetricKey } from '../metrics/metrics.ts';

const MINUTE_MS = 60_000;

/** How the value of a fact is shown. A flag is 0 or 1, a code is an Xid. */
export type FactUnit = 'flag' | 'xid' | 'min' | '°C' | 'K' | 'W' | 'kWh' | 'money' | 'MiB' | 'pages';

type FactRow = {
  readonly subject: 'card' | 'machine';
  readonly unit: FactUnit;
  /** the stored readings that it is computed from; absent: the history alone does not give it, so there is no preview */
  readonly from?: readonly MetricKey[];
  /** it looks back over so much observed time, ms; after a restart it is complete again only then */
  readonly windowMs?: number;
};

const MASK = 'throttleReasons';

/**
 * What rules can watch apart from the metrics: numbers that fact-reader.ts computes from ticks, and others that take an
 * hour's work and are computed now and then (slow-facts.ts). Add a fact here and where it is computed.
 */
export const facts = {
  /** the driver lost the card, or the card is missing although it was there */
  gpuLost: { subject: 'card', unit: 'flag', from: ['coreTempC'] },
  /** the driver does not respond about this card */
  gpuStalled: { subject: 'card', unit: 'flag', from: ['coreTempC'] },
  /** newest grave Xid of the last hour; 0: none */
  criticalXid: { subject: 'card', unit: 'xid', from: ['coreTempC'], windowMs: 60 * MINUTE_MS },
  /** minutes of the last 10 in which the hardware throttled by heat */
  hwThermalMin: { subject: 'card', unit: 'min', from: [MASK, 'throttledHwThermalUs'], windowMs: 10 * MINUTE_MS },
  /** minutes of the last 60 in which the driver throttled by heat */
  swThermalMin: { subject: 'card', unit: 'min', from: [MASK, 'throttledSwThermalUs'], windowMs: 60 * MINUTE_MS },
  /** minutes of the last 60 in which the power supply asked the card to throttle */
  powerBrakeMin: { subject: 'card', unit: 'min', from: [MASK, 'throttledPowerBrakeUs'], windowMs: 60 * MINUTE_MS },
  /** retired memory pages, for single-bit and double-bit errors together */
  retiredPages: { subject: 'card', unit: 'pages', from: ['retiredPagesSbe', 'retiredPagesDbe'] },
  /** core temperature while the target speed of every fan is 0 */
  coreTempFansOffC: {
    subject: 'card',
    unit: '°C',
    from: ['coreTempC', 'fanPct', 'fan2Pct', 'fan3Pct', 'fan4Pct'],
  },
  /** power while a program holds memory for computing and the card does nothing */
  idleModelW: { subject: 'card', unit: 'W' },
  /** by how much the card is hotter than it usually is at this power */
  aboveUsualK: { subject: 'card', unit: 'K' },
  /** by how much the card runs hotter than in its baseline, where the cooling trend is sure of it */
  coolingWorseK: { subject: 'card', unit: 'K' },
  /** no card that is awake can be read, and none of them is lost */
  driverSilent: { subject: 'machine', unit: 'flag', from: ['coreTempC'] },
  recordingPaused: { subject: 'machine', unit: 'flag' },
  diskFreeMib: { subject: 'machine', unit: 'MiB' },
  clockImplausible: { subject: 'machine', unit: 'flag' },
  /** energy of all cards since midnight */
  energyTodayKwh: { subject: 'machine', unit: 'kWh' },
  /** what that energy cost, where prices are set */
  costToday: { subject: 'machine', unit: 'money' },
} as const satisfies Record<string, FactRow>;

export type FactId = keyof typeof facts;
/** What a rule watches: a metric of a card, or a fact. */
export type Watched = MetricKey | FactId;

export const factOf = (watched: Watched): FactRow | undefined =>
  Object.hasOwn(facts, watched) ? facts[watched as FactId] : undefined;

export const subjectOf = (watched: Watched): FactRow['subject'] => factOf(watched)?.subject ?? 'card';

/** The stored readings that give a watched value; undefined: the history alone does not give it. */
export const storedReadingsOf = (watched: Watched): readonly MetricKey[] | undefined =>
  isMetricKey(watched) ? [watched] : factOf(watched)?.from;

/** What is known of a watched value at a tick. `unread`: it was not read this time. undefined: it cannot be read. */
export type Seen = number | 'unread' | undefined;

/** The value of a fact that does not apply now: nothing could be further from a limit. */
export const DOES_NOT_APPLY = -Infinity;

/** What rules are applied to: a card, or the machine. */
export type Subject = {
  /** null: the machine */
  readonly gpuUuid: string | null;
  readonly gpuName: string;
  readonly read: (watched: Watched) => Seen;
  /** the newest limit that the card reported */
  readonly limit: (key: MetricKey) => number | undefined;
};
