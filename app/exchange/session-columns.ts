import { unloadCommand } from '../workload/sessions/unload.ts';
import type { FigureState } from '../workload/sessions/figure-states.ts';
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
/** Causes without a column. */
const otherThrottled = ({ throttledMs }: Figures): number | undefined =>
  throttledMs && (throttledMs.setting ?? 0) + (throttledMs.unclear ?? 0);

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
  number('activeJ', 'J of `energyJ` in active time', ({ figures }) => figures.activeJ),
  number('jPerOutput', 'J per output, whole session', ({ figures }) => figures.each?.energyJ),
  number('jPerOutputActive', 'J per output, active time', ({ figures }) => figures.eachActive?.energyJ),
  number('jPerMillionTokens', 'J per million generated tokens, whole session', ({ figures }) =>
    tokens(figures, figures.each?.energyJ),
  ),
  number('jPerMillionTokensActive', 'the same, active time', ({ figures }) =>
    tokens(figures, figures.eachActive?.energyJ),
  ),
  state('jPerOutput', ({ figures }) => figures.states.perOutput),
  number('cost', 'cost by the present tariff', ({ figures }) => figures.cost),
  words('currency', 'ISO 4217', ({ figures, currency }) => (figures.cost === undefined ? undefined : currency)),
  state('cost', ({ figures }) => figures.states.cost),
  number('costPerOutput', 'cost per output, whole session', ({ figures }) => figures.each?.cost),
  number('costPerMillionTokens', 'cost per million generated tokens', ({ figures }) =>
    tokens(figures, figures.each?.cost),
  ),
  state('costPerOutput', ({ figures }) => figures.states.costPerOutput),
  number('co2G', 'g of CO₂, by the user’s figure', ({ figures }) => figures.co2G),
  number('peakTempC', '°C, highest core temperature', ({ figures }) => figures.peakTempC),
  number('meanTempC', '°C, mean core temperature', ({ figures }) => figures.meanTempC),
  number('throttledPowerS', 's throttled by the power limit', ({ figures }) =>
    seconds(figures.throttledMs && (figures.throttledMs['power-cap'] ?? 0)),
  ),
  number('throttledHeatS', 's throttled by heat', ({ figures }) =>
    seconds(figures.throttledMs && (figures.throttledMs.heat ?? 0)),
  ),
  number('throttledPowerBrakeS', 's throttled by the power brake', ({ figures }) =>
    seconds(figures.throttledMs && (figures.throttledMs['power-brake'] ?? 0)),
  ),
  number('throttledOtherS', 's throttled by a setting, or without a reason', ({ figures }) =>
    seconds(otherThrottled(figures)),
  ),
  words('throttledState', 'state of the four columns before', ({ figures }) => figures.states.throttled),
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
