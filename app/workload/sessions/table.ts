import { shortCommand } from '../../core/short-command.ts';
import type { SessionSummary, StoredSession } from './schema.ts';
import type { Db } from '../../history/db.ts';

type SessionRow = Omit<StoredSession, 'gpus' | 'summary' | 'sharedWith'> & { gpus: string; summary: string | null };

type OpenSession = {
  readonly id: number;
  readonly ownerPid: number;
  /** when the owner started; empty: not known */
  readonly ownerStart: string;
  readonly startedMs: number;
};

/** More than a history holds: a person has a few thousand. */
export const MOST_SESSIONS = 1_000_000;

export function createSessionTable(db: Db) {
  const fields = `id, name, command, started_ms AS startedMs, ended_ms AS endedMs, exit_code AS exitCode, gpus, summary
    FROM session`;
  const insert = db.prepare(
    "INSERT INTO session (name, command, started_ms, owner_pid, owner_start, gpus) VALUES (?, ?, ?, ?, ?, '[]')",
  );
  const finish = db.prepare('UPDATE session SET ended_ms = ?, exit_code = ?, gpus = ?, summary = ? WHERE id = ?');
  const newest = db.prepare(`SELECT ${fields} ORDER BY started_ms DESC, id DESC LIMIT ?`);
  const between = db.prepare(
    `SELECT ${fields} WHERE started_ms < @toMs AND coalesce(ended_ms, @toMs) >= @fromMs ORDER BY started_ms`,
  );
  const open = db.prepare(
    `SELECT id, owner_pid AS ownerPid, owner_start AS ownerStart, started_ms AS startedMs
     FROM session WHERE ended_ms IS NULL`,
  );
  /** changes when another connection writes: `slowburn run` writes its session itself */
  const version = db.prepare('PRAGMA data_version').pluck();
  let known: { readonly version: unknown; readonly rows: readonly OpenSession[] } | undefined;
  const removeShares = db.prepare('DELETE FROM session_share WHERE session_id = ?');
  const remove = db.prepare('DELETE FROM session WHERE id = ?');
  const start = db.prepare('UPDATE session SET started_ms = ? WHERE id = ?');
  const note = db.prepare('UPDATE session SET gpus = ?, summary = ? WHERE id = ? AND ended_ms IS NULL');
  const byId = db.prepare(`SELECT ${fields} WHERE id = ?`);
  /** sessions whose share of a card was not known while that of this one was not known either */
  const sharers = db
    .prepare(
      `SELECT DISTINCT other.name FROM session AS own JOIN session AS other
         ON other.id <> own.id AND other.started_ms < coalesce(own.ended_ms, 9e15)
         AND coalesce(other.ended_ms, 9e15) > own.started_ms
       WHERE own.id = ? AND EXISTS (
         SELECT 1 FROM session_share AS a JOIN session_share AS b
           ON b.session_id = other.id AND b.gpu_id = a.gpu_id AND b.share IS NULL
           AND b.from_ms < a.to_ms AND b.to_ms > a.from_ms
         WHERE a.session_id = own.id AND a.share IS NULL)
       ORDER BY other.name`,
    )
    .pluck();
  const parse = (row: SessionRow): StoredSession => {
    const summary = row.summary === null ? null : (JSON.parse(row.summary) as SessionSummary);
    const sharedWith = summary?.gpus.some(({ sharedJ }) => sharedJ) ? (sharers.all(row.id) as string[]) : [];
    return {
      ...row,
      gpus: JSON.parse(row.gpus) as string[],
      summary,
      ...(sharedWith.length > 0 && { sharedWith }),
    };
  };
  return {
    /**
     * @param command the whole command line; only the part that distinguishes sessions is stored
     * @param ownerPid the process that will finish the session
     * @param ownerStart when that process started: it tells a killed owner from another process with its PID
     */
    begin(name: string, command: string, startedMs: number, ownerPid: number, ownerStart = ''): number {
      known = undefined;
      const row = [name, shortCommand(command), Math.round(startedMs), ownerPid, ownerStart];
      return Number(insert.run(row).lastInsertRowid);
    },
    /** Corrects when a session began, after the clock was corrected. */
    startedAt(id: number, startedMs: number): void {
      known = undefined;
      start.run(Math.round(startedMs), id);
    },
    /** Sessions that are running. Called with each tick, so the table is read only after a write. */
    open(): readonly OpenSession[] {
      const now = version.get();
      if (known?.version !== now) known = { version: now, rows: open.all() as OpenSession[] };
      return known!.rows;
    },
    /** Removes a session whose command could not be started. */
    remove(id: number): void {
      known = undefined;
      removeShares.run(id);
      remove.run(id);
    },
    finish(
      id: number,
      endedMs: number,
      exitCode: number | null,
      gpus: readonly string[],
      summary: SessionSummary,
    ): void {
      known = undefined;
      finish.run(Math.round(endedMs), exitCode, JSON.stringify(gpus), JSON.stringify(summary), id);
    },
    /** Updates the summary and the cards of a running session. */
    note: (id: number, gpus: readonly string[], summary: SessionSummary): void => {
      note.run(JSON.stringify(gpus), JSON.stringify(summary), id);
    },
    newest: (limit: number): StoredSession[] => (newest.all(limit) as SessionRow[]).map(parse),
    byId(id: number): StoredSession | undefined {
      const row = byId.get(id) as SessionRow | undefined;
      return row && parse(row);
    },
    between: (fromMs: number, toMs: number): StoredSession[] =>
      (between.all({ fromMs, toMs }) as SessionRow[]).map(parse),
  };
}
