import { valueOf, type Frame } from '../metrics/frame.ts';
import { readingStates } from '../core/reading.ts';
import { metricIndex } from '../metrics/metrics.ts';
import type { Tick } from '../telemetry/sampler.ts';
import type { Db } from './db.ts';
import type { StoredEvent } from './schema.ts';

export type { StoredEvent } from './schema.ts';

/**
 * What else is marked in a history: stored, append only.
 * driver: another driver version than before; reset: a card's counters began anew (driver reloaded or card reset);
 * asleep: a card was powered down.
 */
export const eventKinds = ['driver', 'reset', 'asleep'] as const;
export type EventKind = (typeof eventKinds)[number];

/** An event to be written: `since` names the one that it makes longer. */
export type EventChange = {
  readonly uuid: string | undefined;
  readonly kind: EventKind;
  readonly fromMs: number;
  readonly toMs: number;
  readonly detail: string;
};

const ASLEEP = readingStates.indexOf('asleep');
const isAsleep = (frame: Frame): boolean => frame.states[metricIndex.coreTempC] === ASLEEP;
const EXTEND_MS = 60_000;

type Seen = { energyMj: number | undefined; asleepFromMs: number | undefined; writtenMs: number };

/** Finds events in ticks. Nothing is remembered of GPUs beyond the last tick, so a restart forgets no event, only joins none. */
export function createEventWatcher(lastDriver: string | undefined) {
  let driver = lastDriver;
  const cards = new Map<string, Seen>();
  return (tick: Tick): EventChange[] => {
    const changes: EventChange[] = [];
    const { tsMs } = tick;
    const version = tick.source.driverVersion;
    if (version !== undefined && version !== driver) {
      driver = version;
      changes.push({ uuid: undefined, kind: 'driver', fromMs: tsMs, toMs: tsMs, detail: version });
    }
    for (const { gpu, frame } of tick.gpus) {
      let seen = cards.get(gpu.uuid);
      if (!seen) cards.set(gpu.uuid, (seen = { energyMj: undefined, asleepFromMs: undefined, writtenMs: 0 }));
      const energyMj = valueOf(frame, 'energyMj');
      if (energyMj !== undefined) {
        if (seen.energyMj !== undefined && energyMj < seen.energyMj) {
          changes.push({ uuid: gpu.uuid, kind: 'reset', fromMs: tsMs, toMs: tsMs, detail: '' });
        }
        seen.energyMj = energyMj;
      }
      const asleep = isAsleep(frame);
      if (!asleep && seen.asleepFromMs === undefined) continue;
      const fromMs = (seen.asleepFromMs ??= tsMs);
      if (!asleep || fromMs === tsMs || tsMs - seen.writtenMs >= EXTEND_MS) {
        seen.writtenMs = tsMs;
        changes.push({ uuid: gpu.uuid, kind: 'asleep', fromMs, toMs: tsMs, detail: '' });
      }
      if (!asleep) seen.asleepFromMs = undefined;
    }
    return changes;
  };
}

export function createEventTable(db: Db) {
  const insert = db.prepare('INSERT INTO event (gpu_id, kind, from_ms, to_ms, detail) VALUES (?, ?, ?, ?, ?)');
  const extend = db.prepare('UPDATE event SET to_ms = ? WHERE gpu_id IS ? AND kind = ? AND from_ms = ?');
  const fields = `event.id, gpu.uuid AS gpuUuid, kind, from_ms AS fromMs, to_ms AS toMs, detail
    FROM event LEFT JOIN gpu ON gpu.id = event.gpu_id`;
  const between = db.prepare(`SELECT ${fields} WHERE from_ms < ? AND to_ms >= ? ORDER BY from_ms LIMIT 2000`);
  const driver = db.prepare("SELECT detail FROM event WHERE kind = 'driver' ORDER BY id DESC LIMIT 1").pluck();
  return {
    record(gpuId: number | null, { kind, fromMs, toMs, detail }: EventChange): void {
      const [from, to] = [Math.round(fromMs), Math.round(toMs)];
      if (to > from && extend.run(to, gpuId, kind, from).changes > 0) return;
      insert.run(gpuId, kind, from, to, detail);
    },
    between: (fromMs: number, toMs: number): StoredEvent[] => between.all(toMs, fromMs) as StoredEvent[],
    lastDriver: (): string | undefined => driver.get() as string | undefined,
  };
}
