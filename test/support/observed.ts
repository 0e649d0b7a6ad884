import fc from 'fast-check';
import { readingStates, type ReadingState } from '../../app/core/reading.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import { frameWith, tickWith } from './frames.ts';

/** How each reading of a card was at one moment, and the time since the moment before; undefined: a gap. */
type Moment = {
  readonly core: ReadingState;
  readonly power: ReadingState;
  readonly dtMs: number | undefined;
};

const state = fc.oneof({ weight: 6, arbitrary: fc.constant('value' as const) }, fc.constantFrom(...readingStates));

/** What a card may go through: answering, lost, asleep, failing, in part or as a whole, with gaps. */
export const states: fc.Arbitrary<readonly Moment[]> = fc.array(
  fc
    .record({ core: state, power: state, whole: fc.boolean(), dtMs: fc.constantFrom(500, 1000, 5000, undefined) })
    .map(({ core, power, whole, dtMs }) => ({ core, power: whole ? core : power, dtMs })),
  { minLength: 1, maxLength: 60 },
);

export const START = Date.UTC(2026, 2, 1, 9, 59, 30);
const GAP_MS = 60_000;

export function ticksOf(list: readonly Moment[]): Tick[] {
  let tsMs = START;
  return list.map(({ core, power, dtMs }, i) => {
    if (i > 0) tsMs += dtMs ?? GAP_MS;
    const frame = frameWith({
      coreTempC: core === 'value' ? 50 : core,
      powerW: power === 'value' ? 100 : power,
    });
    return tickWith(tsMs, i === 0 ? undefined : dtMs, [frame]);
  });
}

/** ms in which the card gave a value: of these readings, or of a given one alone. */
export const valuesMs = (list: readonly Moment[], keys: readonly ('core' | 'power')[] = ['core', 'power']): number =>
  list.reduce((sum, now, i) => {
    const before = list[i - 1];
    const has = keys.some((key) => before?.[key] === 'value' && now[key] === 'value');
    return has ? sum + (now.dtMs ?? 0) : sum;
  }, 0);
