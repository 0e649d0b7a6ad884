import type { Db } from '../history/db.ts';
import type { AlertEntry } from './episode.ts';
import { isAlertRuleId } from './rules.ts';
import type { StoredAlert } from './schema.ts';

/** Alerts of a rule that this version does not have cannot be described, so they are left out. */
const named = (rows: readonly unknown[]): StoredAlert[] =>
  (rows as StoredAlert[]).filter(({ rule }) => isAlertRuleId(rule));

/** @param idOf row number of a GPU that has been seen */
export function createAlertTable(db: Db, idOf: (gpuUuid: string) => number | undefined) {
  const fields = `alert.id, gpu.uuid AS gpuUuid, coalesce(gpu.name, '') AS gpuName, gpu.display_index AS gpuIndex, rule,
    severity, fired_ms AS firedMs, cleared_ms AS clearedMs, value, threshold, peak, told_ms AS toldMs,
    acknowledged_ms AS acknowledgedMs, snoozed_until_ms AS snoozedUntilMs
    FROM alert LEFT JOIN gpu ON gpu.id = alert.gpu_id`;
  const insert = db.prepare(
    `INSERT INTO alert (gpu_id, rule, severity, fired_ms, value, threshold, peak) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const set = (column: string) =>
    db.prepare(`UPDATE alert SET ${column} = ? WHERE gpu_id IS ? AND rule = ? AND cleared_ms IS NULL`);
  const [peak, told, acknowledged, snoozed, cleared] = [
    set('peak'),
    set('told_ms'),
    set('acknowledged_ms'),
    set('snoozed_until_ms'),
    set('cleared_ms'),
  ];
  const newest = db.prepare(`SELECT ${fields} ORDER BY fired_ms DESC, alert.id DESC LIMIT ?`);
  const between = db.prepare(
    `SELECT ${fields} WHERE fired_ms < @toMs AND coalesce(cleared_ms, @toMs) >= @fromMs ORDER BY fired_ms`,
  );
  const open = db.prepare(`SELECT ${fields} WHERE cleared_ms IS NULL ORDER BY alert.id`);

  function idFor(gpuUuid: string | null): number | null {
    if (gpuUuid === null) return null;
    const id = idOf(gpuUuid);
    if (id === undefined) throw new Error(`The history has never seen ${gpuUuid}.`); // or it would be the machine's
    return id;
  }

  function write(entry: AlertEntry): void {
    const { rule } = entry;
    const [gpuId, tsMs] = [idFor(entry.gpuUuid), Math.round(entry.tsMs)];
    switch (entry.kind) {
      case 'fired':
        insert.run(gpuId, rule, entry.severity, tsMs, entry.value, entry.threshold, entry.peak);
        return;
      case 'cleared':
        peak.run(entry.peak, gpuId, rule);
        cleared.run(tsMs, gpuId, rule);
        return;
      case 'told':
        told.run(tsMs, gpuId, rule);
        return;
      case 'acknowledged':
        acknowledged.run(tsMs, gpuId, rule);
        return;
      case 'snoozed':
        snoozed.run(Math.round(entry.untilMs), gpuId, rule);
    }
  }

  return {
    /** Writes what happened to alerts, and what `beside` writes, in one transaction. */
    record: db.transaction((entries: readonly AlertEntry[], beside?: () => void): void => {
      entries.forEach(write);
      beside?.();
    }) as (entries: readonly AlertEntry[], beside?: () => void) => void,
    newest: (limit: number): StoredAlert[] => named(newest.all(limit)),
    between: (fromMs: number, toMs: number): StoredAlert[] => named(between.all({ fromMs, toMs })),
    open: (): StoredAlert[] => named(open.all()),
  };
}

export type AlertTable = ReturnType<typeof createAlertTable>;
