import { unloadCommand } from '../workload/sessions/unload.ts';
import type { SummedCause } from '../metrics/throttled.ts';
import { isShown, type FigureState } from '../workload/sessions/figure-states.ts';
import { figuresOf, type Figures, type Money } from '../workload/sessions/figures.ts';
import { outputUnits } from '../workload/adapters/ids.ts';
import type { IdleModel, StoredSession } from '../workload/sessions/schema.ts';
import { costOf } from '../workload/energy/tariff.ts';

type Cell = string | number | Date | undefined;
type Row = {
  readonly session: StoredSession;
  readonly figures: Figures;
  /** ISO 4217 */
  readonly currency: string;
};
type Column = {
  readonly name: string;
  /** as Parquet names them */
  readonly type: 'STRING' | 'DOUBLE' | 'TIMESTAMP';
  /** for docs/format/sessions.md: what it is, with its unit */
  readonly doc: string;
  readonly of: (row: Row) => Cell;
};

const words = (name: string, doc: string, of: Column['of']): Column => ({ name, type: 'STRING', doc, of });
const number = (name: string, doc: string, of: Column['of']): Column => ({ name, type: 'DOUBLE', doc, of });
const moment = (name: string, doc: string, of: Column['of']): Column => ({ name, type: 'TIMESTAMP', doc, of });
const state = (name: string, of: (row: Row) => FigureState): Column =>
  words(`${name}State`, `state of \`${name}\``, of);

const MILLION = 1e6;
const tokens = ({ outputs }: Figures, each: number | undefined): number | undefined =>
  outputs?.unit === 'token' && each !== undefined ? each * MILLION : undefined;
const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
const throttled = (name: string, cause: SummedCause, doc: string): Column[] => [
  number(name, `s throttled ${doc}`, ({ figures }) => seconds(figures.throttledMs?.[cause])),
  state(name, ({ figures }) => figures.states.throttled[cause]),
];
const observed = (value: number | undefined): FigureState => (value === undefined ? 'not-observed' : 'known');

/** The columns of exported sessions, the same in CSV, JSON and Parquet. A value that is absent has a state that says why. */
export const sessionColumns: readonly Column[] = [
  number('id', 'number of the session in this history', ({ session }) => session.id),
  words('name', 'name of the session', ({ session }) => session.name),
  words('program', 'the program, where it was recognised', ({ session }) => session.summary?.workload?.program),
  words('model', 'the model, where it is known', ({ session }) => session.summary?.workload?.model),
  words('kind', 'kind of the workload', ({ session }) => session.summary?.workload?.kind),
  words('found', '`by-hand`: begun by `slowburn run`; `detected`', ({ session }) => session.summary?.workload?.found),
  moment('started', 'start', ({ session }) => new Date(session.startedMs)),
  moment('ended', 'end; absent while it runs', ({ session: { endedMs } }) =>
    endedMs === null ? undefined : new Date(endedMs),
  ),
  number('durationS', 's from start to end', ({ session: { startedMs, endedMs } }) =>
    endedMs === null ? undefined : seconds(endedMs - startedMs),
  ),
  number('activeS', 's in which the card worked for it', ({ figures }) => seconds(figures.activeMs)),
  state('activeS', ({ figures }) => (figures.activeMs === undefined ? 'not-reported' : 'known')),
  number('exitCode', 'exit code of the command', ({ session }) => session.exitCode ?? undefined),
  words('gpus', 'UUIDs of its cards, separated by blanks; empty: not known', ({ session }) => session.gpus.join(' ')),
  words(
    'outputUnit',
    `one of ${outputUnits.map((unit) => `\`${unit}\``).join(', ')}`,
    ({ figures }) => figures.outputs?.unit,
  ),
  number('outputs', 'outputs; of tokens, the generated ones', ({ figures }) => figures.outputs?.count),
  words('otherOutputs', 'outputs of further kinds: unit and count', ({ figures }) =>
    figures.outputs?.others?.map(({ unit, count }) => `${unit} ${count}`).join('; '),
  ),
  state('outputs', ({ figures: { outputs } }) => (!outputs ? 'not-counted' : outputs.atLeast ? 'at-least' : 'known')),
  words('countedBy', 'who counted them', ({ figures }) => figures.outputs?.countedBy),
  number('promptTokens', 'tokens of prompts', ({ figures }) => figures.outputs?.promptTokens),
  number('cachedPromptTokens', 'those of them from a cache', ({ figures }) => figures.outputs?.cachedPromptTokens),
  state('promptTokens', ({ figures: { outputs } }) =>
    outputs?.promptTokens === undefined ? 'not-reported' : outputs.promptAtLeast ? 'at-least' : 'known',
  ),
  number('speed', 'tok/s of generating, or steps per second', ({ figures }) => figures.speed?.value),
  words('speedUnit', '`tok/s` or `it/s`', ({ figures }) => figures.speed?.unit),
  state('speed', ({ figures: { outputs, speed } }) => (speed ? 'known' : outputs ? 'not-reported' : 'not-counted')),
  number('energyJ', 'J of this session alone', ({ figures }) => figures.energyJ),
  number('energyLowJ', 'the true value is not below', ({ figures }) => figures.rangeJ?.low),
  number('energyHighJ', 'the true value is not above', ({ figures }) => figures.rangeJ?.high),
  state('energyJ', ({ figures }) => figures.states.energy),
  words('energyFrom', '`counter` or `power`', ({ figures }) => figures.energyFrom),
  words('energyWhy', 'what was wrong with the other of the two, if anything was', ({ figures }) => figures.energyWhy),
  number(
    'unseenJ',
    'part of `energyHighJ`: used at most in time without readings',
    ({ figures }) => figures.unseen?.energyJ,
  ),
  number('unseenS', 's without readings', ({ figures }) => seconds(figures.unseen?.ms)),
  number('sharedJ', 'J used together with others, in `energyJ` of none', ({ figures }) => figures.sharedJ),
  words('sharedWith', 'names of the other sessions', ({ session }) => session.sharedWith?.join('; ')),
  number('aboveIdleJ', 'J of `energyJ` above idle power', ({ figures }) => figures.aboveIdleJ),
  state('aboveIdleJ', ({ figures: { aboveIdleJ, states } }) =>
    isShown(states.energy) && aboveIdleJ === undefined ? 'not-observed' : states.energy,
  ),
  number('activeJ', 'J of `energyJ` in active time', ({ figures }) => figures.activeJ),
  state('activeJ', ({ figures }) => figures.states.active),
  number('jPerOutput', 'J per output, whole session', ({ figures }) => figures.each?.energyJ),
  number('jPerOutputActive', 'J per output, active time', ({ figures }) => figures.eachActive?.energyJ),
  number('jPerMillionTokens', 'J per million generated tokens, whole session', ({ figures }) =>
    tokens(figures, figures.each?.energyJ),
  ),
  number('jPerMillionTokensActive', 'the same, active time', ({ figures }) =>
    tokens(figures, figures.eachActive?.energyJ),
  ),
  state('jPerOutput', ({ figures }) => figures.states.perOutput),
  state('jPerOutputActive', ({ figures }) => figures.states.perOutputActive),
  number('cost', 'cost by the present tariff', ({ figures }) => figures.cost),
  words('currency', 'ISO 4217', ({ figures, currency }) => (figures.cost === undefined ? undefined : currency)),
  state('cost', ({ figures }) => figures.states.cost),
  number('costPerOutput', 'cost per output, whole session', ({ figures }) => figures.each?.cost),
  number('costPerMillionTokens', 'cost per million generated tokens', ({ figures }) =>
    tokens(figures, figures.each?.cost),
  ),
  state('costPerOutput', ({ figures }) => figures.states.costPerOutput),
  number('co2G', 'g of CO₂, by the user’s figure', ({ figures }) => figures.co2G),
  state('co2G', ({ figures: { co2G, states } }) =>
    isShown(states.energy) && co2G === undefined ? 'no-figure' : states.energy,
  ),
  number('peakTempC', '°C, highest core temperature', ({ figures }) => figures.peakTempC),
  state('peakTempC', ({ figures }) => observed(figures.peakTempC)),
  number('meanTempC', '°C, mean core temperature', ({ figures }) => figures.meanTempC),
  state('meanTempC', ({ figures }) => observed(figures.meanTempC)),
  ...throttled('throttledPowerS', 'power-cap', 'by the power limit'),
  ...throttled('throttledHeatS', 'heat', 'by heat'),
  ...throttled('throttledPowerBrakeS', 'power-brake', 'by the power brake'),
  ...throttled('throttledSettingS', 'setting', 'by a setting'),
  ...throttled('throttledUnclearS', 'unclear', 'without a reason'),
  number('stressH', 'equivalent hours at REF-65, modelled', ({ figures }) => figures.equivalentHours?.mid),
  number('stressLowH', 'low end of their range', ({ figures }) => figures.equivalentHours?.low),
  number('stressHighH', 'high end of their range', ({ figures }) => figures.equivalentHours?.high),
  state('stressH', ({ figures }) => figures.states.stress),
];

export type SessionRow = Row;

/** A model that stayed loaded, as JSON: what it cost at the present tariff, and how to unload it. */
const idleModelJson = ({ slots, ...idle }: IdleModel, money: Money, currency: string) => ({
  ...idle,
  state: 'estimated' as const,
  cost: costOf(slots, money),
  currency,
  unload: unloadCommand(idle),
});

export type SessionExport = {
  readonly sessions: readonly Row[];
  readonly idleModels: readonly ReturnType<typeof idleModelJson>[];
};

/** Sessions and idle models with their costs at these prices. */
export const sessionExport = (
  sessions: readonly StoredSession[],
  idleModels: readonly IdleModel[],
  money: Money,
  currency: string,
): SessionExport => ({
  sessions: sessions.map((session) => ({ session, figures: figuresOf(session, money), currency })),
  idleModels: idleModels.map((one) => idleModelJson(one, money, currency)),
});
