import { valueOf, type Frame } from '../metrics/frame.ts';
import { readingStates } from '../core/reading.ts';
import { metricIndex } from '../metrics/metrics.ts';
import type { Tick } from '../telemetry/sampler.ts';
import type { Db } from './db.ts';
import { createLastReadings, type LastReadings } from './last-readings.ts';
import type { StoredEvent } from './schema.ts';

export type { StoredEvent } from './schema.ts';

/**
 * Kinds of events in a history: stored, append only.
 * driver: another driver version than before; reset: a card's counters restarted (driver reloaded or card reset);
 * asleep: a card was powered down; lost: the driver lost a card; stopped: the machine stopped without a shutdown while a
 * card worked.
 */
export const eventKinds = ['driver', 'reset', 'asleep', 'lost', 'stopped'] as const;
export type EventKind = (typeof eventKinds)[number];

/** Kinds of events that a person asks about: what did the card show before it happened, and how often has it happened? */
export const incidentKinds = ['stopped', 'lost', 'reset'] as const satisfies readonly EventKind[];
export type IncidentKind = (typeof incidentKinds)[number];
export const isIncident = (kind: EventKind): kind is IncidentKind =>
  (incidentKinds as readonly string[]).includes(kind);

/** An event to be written. One with the same GPU, kind and start is extended. */
export type EventChange = {
  readonly uuid: string | undefined;
  readonly kind: EventKind;
  readonly fromMs: number;
  readonly toMs: number;
  readonly detail: string;
  readonly last?: LastReadings | undefined;
};

const ASLEEP = readingStates.indexOf('asleep');
const LOST = readingStates.indexOf('lost');
const CORE = metricIndex.coreTempC;
const isAsleep = (frame: Frame): boolean => frame.states[CORE] === ASLEEP;
/** NVML codes that concern one card: GPU_IS_LOST, RESET_REQUIRED, GPU_NOT_FOUND. Others say that the driver was unloaded. */
const LOST_CODES: readonly number[] = [15, 16, 28];

/** nvidia-smi has no codes: a card is lost if the program answers and the card is not among its answers. */
export const isCardLost = ({ states, reasons }: Frame, { source, fault }: Tick): boolean =>
  states[CORE] === LOST && (source.kind === 'nvidia-smi' ? fault === undefined : LOST_CODES.includes(reasons[CORE]!));
/** "GPU has fallen off the bus" */
const XID_FALLEN = 79;
const EXTEND_MS = 60_000;

type Span = { fromMs: number; toMs: number; writtenMs: number };

/**
 * A state of a card as one event, which is extended once a minute while it lasts. A pause of up to `restMs` does not end it.
 * @returns what to write at this tick
 */
function createSpan(restMs = 0) {
  let span: Span | undefined;
  return (tsMs: number, holds: boolean): { readonly fromMs: number; readonly toMs: number } | undefined => {
    if (!span) {
      if (!holds) return undefined;
      span = { fromMs: tsMs, toMs: tsMs, writtenMs: tsMs };
      return { fromMs: tsMs, toMs: tsMs };
    }
    const { fromMs } = span;
    if (holds || restMs === 0) span.toMs = tsMs; // it ended between the last tick and this one
    const ended = !holds && tsMs - span.toMs >= restMs;
    const write = ended ? span.toMs > span.writtenMs : holds && tsMs - span.writtenMs >= EXTEND_MS;
    const { toMs } = span;
    if (write) span.writtenMs = tsMs;
    if (ended) span = undefined;
    return write ? { fromMs, toMs } : undefined;
  };
}

type Seen = {
  energyMj: number | undefined;
  readonly firstMs: number;
  readonly asleep: ReturnType<typeof createSpan>;
  readonly lost: ReturnType<typeof createSpan>;
  readonly last: ReturnType<typeof createLastReadings>;
};

/** Finds events in ticks. It remembers only the last minute, so an event that spans a restart is stored as two. */
export function createEventWatcher(lastDriver: string | undefined) {
  let driver = lastDriver;
  const cards = new Map<string, Seen>();

  /** Xids that the kernel remembers from before this recorder began are no news. */
  const hasFallen = ({ events }: Tick, uuid: string, { firstMs }: Seen): boolean =>
    events?.some(({ gpuUuid, code, tsMs }) => gpuUuid === uuid && code === XID_FALLEN && tsMs >= firstMs) ?? false;

  return (tick: Tick): EventChange[] => {
    const changes: EventChange[] = [];
    const { tsMs } = tick;
    const version = tick.source.driverVersion;
    if (version !== undefined && version !== driver) {
      driver = version;
      changes.push({ uuid: undefined, kind: 'driver', fromMs: tsMs, toMs: tsMs, detail: version });
    }
    for (const { gpu, frame } of tick.gpus) {
      const { uuid } = gpu;
      let seen = cards.get(uuid);
      if (!seen) {
        const spans = { asleep: createSpan(), lost: createSpan(EXTEND_MS) };
        cards.set(uuid, (seen = { energyMj: undefined, firstMs: tsMs, ...spans, last: createLastReadings() }));
      }
      const energyMj = valueOf(frame, 'energyMj');
      if (energyMj !== undefined) {
        if (seen.energyMj !== undefined && energyMj < seen.energyMj)
          changes.push({ uuid, kind: 'reset', fromMs: tsMs, toMs: tsMs, detail: '', last: seen.last.result() });
        seen.energyMj = energyMj;
      }
      const fallen = hasFallen(tick, uuid, seen);
      // a card that was lost before this recorder began is not lost again
      const lost = seen.lost(tsMs, seen.last.any() && (fallen || isCardLost(frame, tick)));
      if (lost)
        changes.push({ uuid, kind: 'lost', ...lost, detail: fallen ? 'xid 79' : 'driver', last: seen.last.result() });
      const asleep = seen.asleep(tsMs, isAsleep(frame));
      if (asleep) changes.push({ uuid, kind: 'asleep', ...asleep, detail: '' });
      seen.last.note(tsMs, frame); // after the changes, which say what was last read before this tick
    }
    return changes;
  };
}

type Row = Omit<StoredEvent, 'last' | 'times'> & {
  readonly last: string | null;
  readonly count: number | null;
  readonly lowW: number | null;
  readonly highW: number | null;
};

const KINDS = incidentKinds.map((kind) => `'${kind}'`).join(', ');
/** Over all events of a card and kind up to a row of `event`. */
const upTo = (what: string): string =>
  `CASE WHEN event.kind IN (${KINDS}) THEN (SELECT ${what} FROM event AS before
    WHERE before.gpu_id IS event.gpu_id AND before.kind = event.kind AND before.from_ms <= event.from_ms) END`;
const WATTS = `json_extract(before.last, '$.values.powerW')`;

export function createEventTable(db: Db) {
  const insert = db.prepare('INSERT INTO event (gpu_id, kind, from_ms, to_ms, detail, last) VALUES (?, ?, ?, ?, ?, ?)');
  const extend = db.prepare('UPDATE event SET to_ms = ? WHERE gpu_id IS ? AND kind = ? AND from_ms = ?');
  const fields = `event.id, gpu.uuid AS gpuUuid, event.kind, event.from_ms AS fromMs, event.to_ms AS toMs, event.detail,
    event.last, ${upTo('count(*)')} AS count, ${upTo(`min(${WATTS})`)} AS lowW, ${upTo(`max(${WATTS})`)} AS highW
    FROM event LEFT JOIN gpu ON gpu.id = event.gpu_id`;
  const between = db.prepare(
    `SELECT ${fields} WHERE event.from_ms < ? AND event.to_ms >= ? ORDER BY event.from_ms LIMIT 2000`,
  );
  const incidents = db.prepare(
    `SELECT ${fields} WHERE event.kind IN (${KINDS}) ORDER BY event.from_ms DESC, event.id DESC LIMIT ?`,
  );
  const driver = db.prepare("SELECT detail FROM event WHERE kind = 'driver' ORDER BY id DESC LIMIT 1").pluck();
  const parse = ({ count, lowW, highW, last, ...event }: Row): StoredEvent => ({
    ...event,
    last: last === null ? null : (JSON.parse(last) as LastReadings),
    times: count === null ? null : { count, lowW, highW },
  });
  return {
    record(gpuId: number | null, { kind, fromMs, toMs, detail, last }: EventChange): void {
      const [from, to] = [Math.round(fromMs), Math.round(toMs)];
      if (to > from && extend.run(to, gpuId, kind, from).changes > 0) return;
      insert.run(gpuId, kind, from, to, detail, last ? JSON.stringify(last) : null);
    },
    between: (fromMs: number, toMs: number): StoredEvent[] => (between.all(toMs, fromMs) as Row[]).map(parse),
    /** the newest incidents first */
    incidents: (limit: number): StoredEvent[] => (incidents.all(limit) as Row[]).map(parse),
    lastDriver: (): string | undefined => driver.get() as string | undefined,
  };
}
