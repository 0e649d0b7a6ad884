import type { Db } from './db.ts';
import { HOUR_MS } from './open-hour.ts';
import {
  addRollup,
  createRollup,
  decodeLevels,
  decodeRollup,
  encodeRollup,
  type RolledLevels,
  type Rollup,
} from './codec/rollup.ts';

export const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;

/** Parts of a finished period are merged: fewer, larger parts are read faster and compress better. */
const levels = [
  { slotMs: MINUTE_MS, spanMs: HOUR_MS }, // an hour that was sealed in several chunks has as many parts
  { slotMs: HOUR_MS, spanMs: HOUR_MS },
  { slotMs: MINUTE_MS, spanMs: DAY_MS },
  { slotMs: HOUR_MS, spanMs: DAY_MS },
  { slotMs: HOUR_MS, spanMs: MONTH_MS },
] as const;

/**
 * Roll-ups by minute and by hour, kept forever. They are stored in parts that add up: each sealed hour adds one, and so
 * does an import into the past, or an hour that occurred twice because the clock was set back.
 */
export type RollupParts = {
  /** Encodes now. The function that it returns writes. */
  readonly prepare: (gpuId: number, rollup: Rollup) => () => void;
  /** Parts that touch fromMs ≤ t < toMs. @param wanted metric ids, all when left out */
  readonly between: (
    gpuId: number,
    slotMs: number,
    fromMs: number,
    toMs: number,
    wanted?: readonly number[],
  ) => IterableIterator<Rollup>;
  /** Like `between`, but some metrics only, without sums: for charts. */
  readonly levelsBetween: (
    gpuId: number,
    slotMs: number,
    fromMs: number,
    toMs: number,
    wanted: readonly number[],
  ) => IterableIterator<RolledLevels>;
  /**
   * Merges the parts of one finished period.
   * @returns true while there may be more
   */
  readonly merge: (nowMs: number) => boolean;
};

export function createRollupParts(db: Db): RollupParts {
  const insert = db.prepare('INSERT INTO rollup (gpu_id, slot_ms, from_ms, to_ms, data) VALUES (?, ?, ?, ?, ?)');
  const between = db.prepare(
    `SELECT from_ms, data FROM rollup
     WHERE gpu_id = ? AND slot_ms = ? AND from_ms > ? AND from_ms < ? AND to_ms > ? ORDER BY from_ms`,
  );
  const period = 'from_ms - (from_ms % @spanMs + @spanMs) % @spanMs';
  const mergeable = db.prepare(
    `SELECT gpu_id AS gpuId, ${period} AS periodMs FROM rollup
     WHERE slot_ms = @slotMs AND to_ms - from_ms <= @spanMs
     GROUP BY gpu_id, periodMs HAVING count(*) > 1 AND periodMs + @spanMs <= @nowMs LIMIT 1`,
  );
  const parts = db.prepare(
    `SELECT id, from_ms, data FROM rollup WHERE gpu_id = @gpuId AND slot_ms = @slotMs
       AND from_ms >= @periodMs AND to_ms <= @periodMs + @spanMs AND to_ms - from_ms <= @spanMs`,
  );
  const remove = db.prepare('DELETE FROM rollup WHERE id = ?');

  const rowsOf = (gpuId: number, slotMs: number, fromMs: number, toMs: number) =>
    between.all(gpuId, slotMs, fromMs - MONTH_MS, toMs, fromMs) as { from_ms: number; data: Uint8Array }[];

  let due = true; // checked once at the start, then after each part that was written

  function prepare(gpuId: number, rollup: Rollup): () => void {
    const { fromMs, slotMs, slots } = rollup;
    const data = encodeRollup(rollup, db.packer);
    return () => {
      insert.run(gpuId, slotMs, fromMs, fromMs + slots * slotMs, data);
      due = true;
    };
  }

  const mergeLevel = db.transaction(({ slotMs, spanMs }: (typeof levels)[number], nowMs: number): boolean => {
    const found = mergeable.get({ slotMs, spanMs, nowMs }) as { gpuId: number; periodMs: number } | undefined;
    if (!found) return false;
    const whole = createRollup(found.periodMs, slotMs, spanMs / slotMs);
    for (const row of parts.all({ ...found, slotMs, spanMs }) as { id: number; from_ms: number; data: Uint8Array }[]) {
      addRollup(whole, decodeRollup(row.from_ms, row.data, db.packer));
      remove.run(row.id);
    }
    prepare(found.gpuId, whole)();
    return true;
  });

  return {
    prepare,
    *between(gpuId, slotMs, fromMs, toMs, wanted) {
      for (const { from_ms, data } of rowsOf(gpuId, slotMs, fromMs, toMs))
        yield decodeRollup(from_ms, data, db.packer, wanted);
    },
    *levelsBetween(gpuId, slotMs, fromMs, toMs, wanted) {
      for (const { from_ms, data } of rowsOf(gpuId, slotMs, fromMs, toMs))
        yield decodeLevels(from_ms, slotMs, data, db.packer, wanted);
    },
    merge(nowMs) {
      due &&= levels.some((level) => mergeLevel(level, nowMs));
      return due;
    },
  };
}
