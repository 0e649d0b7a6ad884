import { readingOf, valueOf, type Frame } from '../../metrics/frame.ts';

/** What the sensor "State" can show. Automations compare these words, so they are not translated and never change. */
export const cardStates = ['ok', 'asleep', 'not responding', 'lost', 'not readable'] as const;
export type CardState = (typeof cardStates)[number];

/** What is published of a card. null: there is no value now, and the sensor is unavailable. */
export type CardReadings = {
  /** °C */
  readonly temperature: number | null;
  /** W */
  readonly power: number | null;
  /** % */
  readonly utilisation: number | null;
  /** kWh since the card was first published */
  readonly energy: number | null;
  readonly state: CardState;
  readonly problem: 'ON' | 'OFF';
  readonly alerts: string;
};

/** Home Assistant refuses longer states. */
const LONGEST_STATE = 255;

export function cardStateOf(frame: Frame): CardState {
  const core = readingOf(frame, 'coreTempC').state;
  if (core === 'asleep') return 'asleep';
  if (core === 'stalled') return 'not responding';
  if (core === 'lost') return 'lost';
  return (['coreTempC', 'powerW', 'gpuUtilPct'] as const).some((key) => readingOf(frame, key).state === 'value')
    ? 'ok'
    : 'not readable';
}

export type Momentary = Pick<CardReadings, 'temperature' | 'power' | 'utilisation' | 'state'>;

export const momentary = (frame: Frame): Momentary => ({
  temperature: valueOf(frame, 'coreTempC') ?? null,
  power: valueOf(frame, 'powerW') ?? null,
  utilisation: valueOf(frame, 'gpuUtilPct') ?? null,
  state: cardStateOf(frame),
});

/** A card that the source does not report. */
export const missingCard = (state: CardState): Momentary => ({
  temperature: null,
  power: null,
  utilisation: null,
  state,
});

/** kWh, rounded down to the mWh. A sum that only grows gives a figure that only grows. */
export const kwhOf = (joules: number | undefined): number | null =>
  joules === undefined ? null : Math.floor(joules / 3.6) / 1e6;

/** The sensors "Problem" and "Alerts". @param titles of what fires */
export function problemOf(titles: readonly string[], none: string): Pick<CardReadings, 'problem' | 'alerts'> {
  const text = titles.join('; ');
  const shown = text.length <= LONGEST_STATE ? text : `${text.slice(0, LONGEST_STATE - 1)}…`;
  return titles.length === 0 ? { problem: 'OFF', alerts: none } : { problem: 'ON', alerts: shown };
}
