import type { Db } from '../history/db.ts';
import type { AlertChange } from './engine.ts';
import { isAlertRuleId } from './rules.ts';
import type { StoredAlert } from './schema.ts';

/** An alert that fired or cleared at one tick. */
export type AlertEntry = {
  readonly tsMs: number;
  /** position on the monotonic axis of ticks, while the system clock is wrong: `tsMs` is corrected from it later */
  readonly axisMs?: number | undefined;
  readonly gpuName: string;
  readonly change: AlertChange;
};

/** Alerts of a rule that this version does not have cannot be described, so they are left out. */
const named = (rows: readonly unknown[]): StoredAlert[] =>
  (rows as StoredAlert[]).filter(({ rule }) => isAlertRuleId(rule));

/** @param idOf row number of a GPU that has been seen */
export function createAlertTable(db: Db, idOf: (gpuUuid: string) => number | undefined) {
  const fields = `alert.id, gpu.uuid AS gpuUuid, gpu.name AS gpuName, rule, severity, fired_ms AS firedMs,
    cleared_ms AS clearedMs, value, threshold, peak FROM alert JOIN gpu ON gpu.id = alert.gpu_id`;
  const insert = db.prepare(
    `INSERT INTO alert (gpu_id, rule, severity, fired_ms, value, threshold, peak) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const clear = db.prepare(
    'UPDATE alert SET cleared_ms = ?, peak = ? WHERE gpu_id = ? AND rule = ? AND cleared_ms IS NULL',
  );
  const newest = db.prepare(`SELECT ${fields} ORDER BY fired_ms DESC, alert.id DESC LIMIT ?`);
  const between = db.prepare(
    `SELECT ${fields} WHERE fired_ms < @toMs AND coalesce(cleared_ms, @toMs) >= @fromMs ORDER BY fired_ms`,
  );
  const open = db.prepare(`SELECT ${fields} WHERE cleared_ms IS NULL`);
  return {
    /** Writes what fired or cleared, in one transaction. */
    record: db.transaction((entries: readonly AlertEntry[]): void =>
      entries.forEach(({ tsMs, change }) => {
        const { kind, gpuUuid, rule, value, threshold, peak } = change;
        const gpuId = idOf(gpuUuid)!;
        if (kind === 'fired') insert.run(gpuId, rule.id, rule.severity, Math.round(tsMs), value, threshold, peak);
        else clear.run(Math.round(tsMs), peak, gpuId, rule.id);
      }),
    ) as (entries: readonly AlertEntry[]) => void,
    newest: (limit: number): StoredAlert[] => named(newest.all(limit)),
    between: (fromMs: number, toMs: number): StoredAlert[] => named(between.all({ fromMs, toMs })),
    open: (): StoredAlert[] => named(open.all()),
  };
}

export type AlertTable = ReturnType<typeof createAlertTable>;
