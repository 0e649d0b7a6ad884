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

/** @param missing why a card without a frame is not among those that the source reports */
export function cardReadings(
  frame: Frame | undefined,
  missing: CardState,
  joules: number | undefined,
): Omit<CardReadings, 'problem' | 'alerts'> {
  const value = (key: 'coreTempC' | 'powerW' | 'gpuUtilPct'): number | null =>
    (frame && valueOf(frame, key)) ?? null;
  return {
    temperature: value('coreTempC'),
    power: value('powerW'),
    utilisation: value('gpuUtilPct'),
    energy: joules === undefined ? null : Math.floor(joules / 3.6) / 1e6,
    state: frame ? cardStateOf(frame) : missing,
  };
}

/** The sensors "Problem" and "Alerts". @param titles of what fires */
export function problemOf(titles: readonly string[], none: string): Pick<CardReadings, 'problem' | 'alerts'> {
  const text = titles.join('; ');
  const shown = text.length <= LONGEST_STATE ? text : `${text.slice(0, LONGEST_STATE - 1)}…`;
  return titles.length === 0 ? { problem: 'OFF', alerts: none } : { problem: 'ON', alerts: shown };
}
