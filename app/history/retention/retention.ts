import type { Db } from '../db.ts';
import { hourOf } from '../open-hour.ts';
import type { GpuStorage, Storage, RetentionPreview } from '../schema.ts';

export type { RetentionPreview, Storage } from '../schema.ts';

/** What is kept at full resolution; roll-ups are kept for ever. */
export type RetentionRule = {
  /** null: nothing is deleted for its age */
  readonly retentionDays: number | null;
  /** the history's file may grow to this; null: no limit */
  readonly historyCapMb: number | null;
};

const DAY_MS = 86_400_000;
const MB = 1_000_000;
/** Free room that is kept in the file: the next open hour needs it again. */
const SLACK_BYTES = 8 * MB;
/** What one step takes away: about a hundred pages, a few milliseconds, so that no tick waits. */
const BYTES_A_STEP = 400_000;
const PAGES_A_STEP = 100;
/** Pages of tables and indexes that hold no samples. */
const OTHER_PAGES = 40;
const BELIEVED_HOURS = 24;

type Hour = { readonly hourMs: number; readonly bytes: number; readonly n: number };

export type Retention = {
  /** Does a part of what a rule asks for. Returns true while there is more. */
  readonly step: (rule: RetentionRule, nowMs: number) => boolean;
  readonly storage: () => Storage;
  /**
   * The wall clock as far as recording bears it out: a clock is believed after a day of recording by it. One that was set
   * a year ahead by mistake must not cost a year.
   */
  readonly believedMs: (nowMs: number) => number;
  /** What a rule would free, before it does. */
  readonly preview: (rule: RetentionRule, nowMs: number) => RetentionPreview;
};

export function createRetention(db: Db): Retention {
  const hours = db.prepare(
    'SELECT hour_ms AS hourMs, sum(length(data)) AS bytes, sum(n) AS n FROM chunk GROUP BY hour_ms ORDER BY hour_ms',
  );
  const oldest = db.prepare(
    `SELECT hour_ms AS hourMs, sum(length(data)) AS bytes, sum(n) AS n FROM chunk WHERE hour_ms =
       (SELECT min(first) FROM (SELECT (SELECT min(hour_ms) FROM chunk WHERE gpu_id = gpu.id) AS first FROM gpu))
     AND gpu_id IN (SELECT id FROM gpu) GROUP BY hour_ms`,
  );
  const remove = db.prepare('DELETE FROM chunk WHERE gpu_id IN (SELECT id FROM gpu) AND hour_ms = ?');
  const sealed = db.prepare(
    `SELECT gpu.uuid AS gpuUuid, gpu.name AS gpuName, coalesce(sum(n), 0) AS samples,
       coalesce(sum(length(data)), 0) AS bytes, min(from_ms) AS fromMs, max(to_ms) AS toMs
     FROM gpu LEFT JOIN chunk ON chunk.gpu_id = gpu.id GROUP BY gpu.id ORDER BY display_index, gpu.id`,
  );
  const rolled = db.prepare(
    `SELECT coalesce(sum(length(data)), 0) FROM gpu LEFT JOIN rollup ON rollup.gpu_id = gpu.id
     GROUP BY gpu.id ORDER BY display_index, gpu.id`,
  );
  const believed = db.prepare(
    `SELECT max((SELECT DISTINCT hour_ms FROM chunk WHERE gpu_id = gpu.id ORDER BY hour_ms DESC LIMIT 1 OFFSET ${BELIEVED_HOURS - 1}))
     FROM gpu`,
  );
  const gpusBefore = db.prepare(
    'SELECT count(*) FROM gpu WHERE EXISTS (SELECT 1 FROM chunk WHERE gpu_id = gpu.id AND hour_ms < ?)',
  );
  const openRows = db.prepare('SELECT count(*) FROM tick');
  const held = db.prepare(
    `SELECT (SELECT total(length(data)) FROM chunk) + (SELECT total(length(data)) FROM rollup)
       + (SELECT total(length(frames)) FROM tick)`,
  );
  const [pageBytes, pages, freePages] = ['page_size', 'page_count', 'freelist_count'].map(
    (name) => () => db.pragma(name, { simple: true }) as number,
  ) as [() => number, () => number, () => number];

  const fileBytes = (): number => pages() * pageBytes();
  const freeBytes = (): number => freePages() * pageBytes();
  /** A limit deletes only where it is a real number: NaN compares as if everything were too old. */
  const isLimit = (limit: number | null): limit is number => Number.isFinite(limit) && limit! > 0;
  const capOf = ({ historyCapMb }: RetentionRule): number => (isLimit(historyCapMb) ? historyCapMb * MB : Infinity);
  function believedMs(nowMs: number): number {
    const day = believed.pluck().get() as number | null;
    return day === null ? -Infinity : Math.min(nowMs, day + DAY_MS);
  }
  /** The hour before which a rule gives up samples. */
  function cutoffOf({ retentionDays }: RetentionRule, nowMs: number): number {
    const now = believedMs(nowMs);
    return isLimit(retentionDays) && Number.isFinite(now) ? hourOf(now - retentionDays * DAY_MS) : -Infinity;
  }

  /** Deletes a few of the oldest hours that a rule gives up. */
  const deleteSome = db.transaction((rule: RetentionRule, nowMs: number): boolean => {
    const cutoffMs = cutoffOf(rule, nowMs);
    let excess = fileBytes() - freeBytes() - capOf(rule);
    let removed = 0;
    while (removed < BYTES_A_STEP) {
      const hour = oldest.get() as Hour | undefined;
      if (!hour || (hour.hourMs >= cutoffMs && excess <= 0)) return removed > 0;
      remove.run(hour.hourMs);
      excess -= hour.bytes;
      removed += hour.bytes;
    }
    return true;
  });

  /** Gives a piece of free room back to the disk. */
  function shrink(rule: RetentionRule): boolean {
    const free = freeBytes();
    const wanted = fileBytes() > capOf(rule) ? 0 : SLACK_BYTES;
    if (free <= wanted) return false;
    db.pragma(`incremental_vacuum(${PAGES_A_STEP})`);
    return freeBytes() < free; // a file that was never compacted cannot shrink
  }

  return {
    step: (rule, nowMs) => deleteSome(rule, nowMs) || shrink(rule),
    believedMs,

    storage() {
      const rollupBytes = rolled.pluck().all() as number[];
      return {
        fileBytes: fileBytes(),
        freeBytes: freeBytes(),
        openRows: openRows.pluck().get() as number,
        gpus: (sealed.all() as Omit<GpuStorage, 'rollupBytes'>[]).map((gpu, i) => ({
          ...gpu,
          rollupBytes: rollupBytes[i] ?? 0,
        })),
      };
    },

    preview(rule, nowMs) {
      const cutoffMs = cutoffOf(rule, nowMs);
      // what a byte of samples takes in the file: pages are not filled to the last byte
      const used = fileBytes() - freeBytes() - OTHER_PAGES * pageBytes();
      const share = Math.max(1, used / Math.max(1, held.pluck().get() as number));
      let excess = fileBytes() - freeBytes() - capOf(rule);
      let [bytes, samples, count] = [0, 0, 0];
      let beforeMs: number | null = null;
      for (const hour of hours.iterate() as IterableIterator<Hour>) {
        if (hour.hourMs >= cutoffMs && excess <= 0) break;
        excess -= hour.bytes * share;
        bytes += hour.bytes;
        samples += hour.n;
        count++;
        beforeMs = hour.hourMs + 3_600_000;
      }
      const gpus = beforeMs === null ? 0 : (gpusBefore.pluck().get(beforeMs) as number);
      return { bytes, samples, hours: count, gpus, beforeMs };
    },
  };
}
