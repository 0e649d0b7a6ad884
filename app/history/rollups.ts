import { gauges } from '../metrics.ts';
import type { Db } from './database.node.ts';
import { aggregates } from './samples.ts';

export const MINUTE_MS = 60_000;
export const minuteOf = (tsMs: number): number => Math.floor(tsMs / MINUTE_MS) * MINUTE_MS;

export type Rollups = {
  /** Rolls up one minute of a GPU from its samples, replacing what was there. */
  readonly rollUp: (gpuId: number, minuteMs: number) => void;
  /** Rolls up every finished minute that has samples but no roll-up yet: after a crash, the last ones. */
  readonly catchUp: (gpuId: number, nowMs: number) => void;
};

export function createRollups(db: Db): Rollups {
  const minute = db.prepare(`SELECT ${aggregates(gauges)} FROM sample WHERE gpu_id = ? AND ts_ms >= ? AND ts_ms < ?`);
  const put = db.prepare('INSERT OR REPLACE INTO rollup_minute VALUES (?, ?, ?, ?, ?, ?, ?)');
  const lastRolled = db.prepare('SELECT max(minute_ms) AS last FROM rollup_minute WHERE gpu_id = ? AND metric_id = ?');
  const unrolled = db.prepare(
    `SELECT DISTINCT ts_ms / ${MINUTE_MS} AS minute FROM sample WHERE gpu_id = ? AND ts_ms >= ? AND ts_ms < ?`,
  );

  function rollUp(gpuId: number, minuteMs: number): void {
    const row = minute.get(gpuId, minuteMs, minuteMs + MINUTE_MS) as Record<string, number | null>;
    gauges.forEach(({ id }, i) => {
      if (row[`n${i}`]) put.run(gpuId, id, minuteMs, row[`n${i}`], row[`min${i}`], row[`max${i}`], row[`sum${i}`]);
    });
  }

  return {
    rollUp,
    catchUp: db.transaction((gpuId: number, nowMs: number) => {
      const last = gauges
        .map(({ id }) => (lastRolled.get(gpuId, id) as { last: number | null }).last ?? 0)
        .reduce((a, b) => Math.max(a, b), 0);
      for (const row of unrolled.all(gpuId, last, minuteOf(nowMs)) as { minute: number }[]) {
        rollUp(gpuId, row.minute * MINUTE_MS);
      }
    }),
  };
}
