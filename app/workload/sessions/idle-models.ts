import { QUARTER_MS } from '../energy/slots.ts';
import type { WorkloadKind } from '../programs/kinds.ts';
import { matchProcess } from '../programs/match.ts';
import { LOADED_UTIL_PCT } from '../programs/programs.ts';
import type { Presence } from './processes.ts';
import type { IdleModel, StoredSession } from './schema.ts';

export const MINUTE_MS = 60_000;
/** Fewer idle minutes without a loaded model are no baseline. */
const LEAST_MINUTES = 10;
/** Kinds of program that keep a model in the card's memory while they wait. */
const KEEPS_MODELS: ReadonlySet<WorkloadKind> = new Set(['llm', 'diffusion', 'autoregressive-image']);

/** A card by the minute, from the first full minute of a period: means, NaN where nothing was recorded. */
export type CardMinutes = {
  readonly gpuUuid: string;
  readonly fromMs: number;
  readonly powerW: Float64Array;
  readonly utilPct: Float64Array;
};

const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;

/** The newest week of a history, or all of a shorter one. */
export const newestWeek = (extent = { fromMs: 0, toMs: 0 }): [fromMs: number, toMs: number] => [
  Math.max(extent.fromMs, extent.toMs - WEEK_MS),
  extent.toMs,
];

type Loaded = Pick<IdleModel, 'program' | 'model' | 'adapter'> & { readonly key: string; readonly stay: Presence };

const endOf = ({ endedMs }: StoredSession): number => endedMs ?? Infinity;
const isOn = ({ gpus }: StoredSession, gpuUuid: string): boolean => gpus.length === 0 || gpus.includes(gpuUuid);
const overlaps = (stay: Presence, session: StoredSession): boolean =>
  isOn(session, stay.gpuUuid) && stay.fromMs <= endOf(session) && stay.toMs >= session.startedMs;

/**
 * Whether a session was the work of a process. Sessions store the processes that were on a card; of older ones it is known
 * only if no other process was on the card.
 */
function isOf(session: StoredSession, stay: Presence, stays: readonly Presence[]): boolean {
  if (!overlaps(stay, session)) return false;
  const pids = session.summary?.pids;
  if (pids) return pids.includes(stay.pid);
  return stays.every((other) => other.pid === stay.pid || other.gpuUuid !== stay.gpuUuid || !overlaps(other, session));
}

/** The program and model that a process kept on the card, by its sessions, or by its name if it had none. */
function loadedBy(stay: Presence, stays: readonly Presence[], sessions: readonly StoredSession[]): Loaded | undefined {
  const own = sessions.filter((session) => isOf(session, stay, stays));
  const works = own.flatMap(({ name, summary }) => (summary?.workload ? [{ name, ...summary.workload }] : []));
  const known = works.filter(({ kind }) => KEEPS_MODELS.has(kind)).at(-1);
  if (!known) {
    if (own.length > 0) return undefined;
    const match = matchProcess({ pid: stay.pid, startedAt: '', command: [stay.name], ancestors: [] });
    if (!match || !KEEPS_MODELS.has(match.kind)) return undefined;
    return { key: match.name, program: match.name, stay };
  }
  const models = new Set(works.map(({ model }) => model));
  const model = models.size === 1 ? known.model : undefined; // it kept several, one after the other
  const program = known.program ?? known.name;
  return {
    key: `${program}\n${model ?? ''}`,
    program,
    stay,
    ...(model && { model }),
    ...(known.adapter && { adapter: known.adapter }),
  };
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length < LEAST_MINUTES ? undefined : sorted[Math.floor(sorted.length / 2)];
}

/** Minutes of a period that something touches. A week has ten thousand, so none is compared with every session. */
function markedMinutes(count: number, startMs: number) {
  const marks = new Uint8Array(count);
  return {
    mark(fromMs: number, toMs: number): void {
      const first = Math.max(0, Math.floor((fromMs - startMs) / MINUTE_MS));
      marks.fill(1, Math.min(first, count), Math.max(0, Math.min(count, Math.ceil((toMs - startMs) / MINUTE_MS))));
    },
    has: (i: number): boolean => marks[i] === 1,
  };
}

type Stretch = { readonly first: number; readonly end: number; readonly models: readonly Loaded[] };

/** Stretches of whole minutes in which the same models were on a card, in order. */
function stretchesOf(loaded: readonly Loaded[], count: number, startMs: number): readonly Stretch[] {
  const stays = loaded.map((one) => ({
    one,
    first: Math.max(0, Math.ceil((one.stay.fromMs - startMs) / MINUTE_MS)),
    end: Math.min(count, Math.floor((one.stay.toMs - startMs) / MINUTE_MS)),
  }));
  const edges = [...new Set(stays.flatMap(({ first, end }) => [first, end]))].sort((a, b) => a - b);
  return edges.slice(1).flatMap((end, i): Stretch[] => {
    const inside = stays.filter((stay) => stay.first <= edges[i]! && stay.end >= end);
    const models = [...new Map(inside.map(({ one }) => [one.key, one])).values()];
    return models.length > 0 ? [{ first: edges[i]!, end, models }] : [];
  });
}

type Sum = { first: Loaded; minutes: Set<number>; gpuUuids: Set<string>; joules: number; aboveJ: number | undefined };

/**
 * What models cost that stayed loaded while no session ran on their card: the card's own draw in that time, divided
 * evenly if several were loaded, and the part of it that the card does not draw without a model, where that was seen.
 * Only whole minutes that were recorded count.
 */
export function idleModels(
  cards: readonly CardMinutes[],
  stays: readonly Presence[],
  sessions: readonly StoredSession[],
): IdleModel[] {
  const loaded = stays.flatMap((stay) => loadedBy(stay, stays, sessions) ?? []);
  const sums = new Map<string, Sum & { slots: Map<number, number> }>();

  function add(one: Loaded, atMs: number, joules: number, baseJ: number | undefined): void {
    const sum = sums.get(one.key) ?? {
      first: one,
      minutes: new Set<number>(),
      gpuUuids: new Set<string>(),
      joules: 0,
      aboveJ: 0,
      slots: new Map<number, number>(),
    };
    sums.set(one.key, sum);
    const slot = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
    sum.minutes.add(atMs); // a minute on two cards is one minute
    sum.gpuUuids.add(one.stay.gpuUuid);
    sum.joules += joules;
    sum.slots.set(slot, (sum.slots.get(slot) ?? 0) + joules);
    sum.aboveJ = sum.aboveJ === undefined || baseJ === undefined ? undefined : sum.aboveJ + joules - baseJ;
  }

  for (const { gpuUuid, fromMs, powerW, utilPct } of cards) {
    const here = loaded.filter(({ stay }) => stay.gpuUuid === gpuUuid);
    const busy = markedMinutes(powerW.length, fromMs);
    for (const session of sessions) if (isOn(session, gpuUuid)) busy.mark(session.startedMs, endOf(session));
    const taken = markedMinutes(powerW.length, fromMs);
    for (const { stay } of here) taken.mark(stay.fromMs, stay.toMs);
    const isIdle = (i: number): boolean =>
      !Number.isNaN(powerW[i]) && !(utilPct[i]! >= LOADED_UTIL_PCT) && !busy.has(i);
    const baseW = median([...powerW].filter((_, i) => isIdle(i) && !taken.has(i)));
    for (const { first, end, models } of stretchesOf(here, powerW.length, fromMs)) {
      const seconds = MINUTE_MS / 1000 / models.length;
      const baseJ = baseW === undefined ? undefined : baseW * seconds;
      for (let i = first; i < end; i++) {
        if (!isIdle(i)) continue;
        for (const one of models) add(one, fromMs + i * MINUTE_MS, powerW[i]! * seconds, baseJ);
      }
    }
  }
  return [...sums.values()]
    .map(({ first: { program, model, adapter }, minutes, gpuUuids, joules, aboveJ, slots }) => ({
      program,
      ...(model && { model }),
      ...(adapter && { adapter }),
      gpuUuids: [...gpuUuids],
      idleMs: minutes.size * MINUTE_MS,
      energyJ: joules,
      ...(aboveJ !== undefined && { aboveJ: Math.max(0, aboveJ) }),
      slots: [...slots].map(([at, energyJ]) => ({ fromMs: at, energyJ })),
    }))
    .sort((a, b) => b.energyJ - a.energyJ);
}
