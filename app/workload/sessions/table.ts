// Sessions, the processes seen on cards, and who shared a card with whom.
import { shortCommand, shortProcessName } from '../../core/short-command.ts';
import type { GpuProcess } from '../../telemetry/source.ts';
import type { SessionSummary } from './summary.ts';
import type { ShareSpan } from '../energy/shares.ts';
import type { Db } from '../../history/file/database.node.ts';

export type StoredSession = {
  readonly id: number;
  readonly name: string;
  readonly command: string;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly exitCode: number | null;
  /** UUIDs of the GPUs that the command was seen on; empty: not observed, so all were counted */
  readonly gpus: readonly string[];
  readonly summary: SessionSummary | null;
};

type SessionRow = Omit<StoredSession, 'gpus' | 'summary'> & { gpus: string; summary: string | null };

type OpenSession = { readonly id: number; readonly ownerPid: number; readonly startedMs: number };

export function createSessionTable(db: Db) {
  const fields = `id, name, command, started_ms AS startedMs, ended_ms AS endedMs, exit_code AS exitCode, gpus, summary
    FROM session`;
  const insert = db.prepare(
    "INSERT INTO session (name, command, started_ms, owner_pid, gpus) VALUES (?, ?, ?, ?, '[]')",
  );
  const finish = db.prepare('UPDATE session SET ended_ms = ?, exit_code = ?, gpus = ?, summary = ? WHERE id = ?');
  const newest = db.prepare(`SELECT ${fields} ORDER BY started_ms DESC, id DESC LIMIT ?`);
  const between = db.prepare(
    `SELECT ${fields} WHERE started_ms < @toMs AND coalesce(ended_ms, @toMs) >= @fromMs ORDER BY started_ms`,
  );
  const open = db.prepare(
    'SELECT id, owner_pid AS ownerPid, started_ms AS startedMs FROM session WHERE ended_ms IS NULL',
  );
  /** changes when another connection wrote: `slowburn run` writes its session itself */
  const version = db.prepare('PRAGMA data_version').pluck();
  let known: { readonly version: unknown; readonly rows: readonly OpenSession[] } | undefined;
  const removeShares = db.prepare('DELETE FROM session_share WHERE session_id = ?');
  const remove = db.prepare('DELETE FROM session WHERE id = ?');
  const start = db.prepare('UPDATE session SET started_ms = ? WHERE id = ?');
  const note = db.prepare('UPDATE session SET gpus = ?, summary = ? WHERE id = ? AND ended_ms IS NULL');
  const byId = db.prepare(`SELECT ${fields} WHERE id = ?`);
  const parse = (row: SessionRow): StoredSession => ({
    ...row,
    gpus: JSON.parse(row.gpus) as string[],
    summary: row.summary === null ? null : (JSON.parse(row.summary) as SessionSummary),
  });
  return {
    /**
     * @param command the whole command line; of it only what tells sessions apart is kept
     * @param ownerPid the process that will finish the session
     */
    begin(name: string, command: string, startedMs: number, ownerPid: number): number {
      known = undefined;
      return Number(insert.run(name, shortCommand(command), Math.round(startedMs), ownerPid).lastInsertRowid);
    },
    /** When a session began, where the clock was corrected since. */
    startedAt(id: number, startedMs: number): void {
      known = undefined;
      start.run(Math.round(startedMs), id);
    },
    /** Sessions that go on. Asked with each tick, so it is looked up only after something was written. */
    open(): readonly OpenSession[] {
      const now = version.get();
      if (known?.version !== now) known = { version: now, rows: open.all() as OpenSession[] };
      return known!.rows;
    },
    /** A session that never was: its command could not be started. */
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
    /** Notes what is known of a session that goes on, and the cards it is on. */
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

/** A process not seen for longer than this has ended; the same number later is another one. */
const PROCESS_GONE_MS = 60_000;

export function createProcessTable(db: Db) {
  const extend = db.prepare(
    `UPDATE process_use SET last_ms = @now, vram_bytes = coalesce(max(vram_bytes, @vram), vram_bytes, @vram)
     WHERE gpu_id = @gpuId AND pid = @pid AND name = @name AND last_ms >= @now - ${PROCESS_GONE_MS} AND first_ms <= @now`,
  );
  const insert = db.prepare(
    `INSERT INTO process_use (gpu_id, pid, name, first_ms, last_ms, vram_bytes) VALUES (@gpuId, @pid, @name, @now, @now, @vram)`,
  );
  const during = db.prepare(
    `SELECT DISTINCT gpu.uuid, pid FROM process_use JOIN gpu ON gpu.id = gpu_id
     WHERE last_ms >= ? AND first_ms <= ?`,
  );
  return {
    seen(gpuId: number, nowMs: number, processes: readonly GpuProcess[]): void {
      for (const { pid, name, vramBytes } of processes) {
        const row = { gpuId, pid, name: shortProcessName(name), now: Math.round(nowMs), vram: vramBytes ?? null };
        if (extend.run(row).changes === 0) insert.run(row);
      }
    },
    /** UUIDs of the GPUs on which one of these processes was seen between two moments. */
    gpusUsedBy(pids: ReadonlySet<number>, fromMs: number, toMs: number): string[] {
      const rows = during.all(fromMs, toMs) as { uuid: string; pid: number }[];
      return [...new Set(rows.filter(({ pid }) => pids.has(pid)).map(({ uuid }) => uuid))];
    },
  };
}

/** Sessions long ended are forgotten when there are more than this. */
const MOST_SHARING = 1000;

/** A span of one session on one card. */
export type SessionShare = { readonly sessionId: number; readonly gpuId: number; readonly span: ShareSpan };

/** Spans in which a session had a card not to itself. The newest span of each grows while its share stays. */
export function createShareTable(db: Db) {
  const extend = db.prepare('UPDATE session_share SET to_ms = ? WHERE id = ?');
  const insert = db.prepare(
    'INSERT INTO session_share (session_id, gpu_id, from_ms, to_ms, share) VALUES (?, ?, ?, ?, ?)',
  );
  const of = db.prepare(
    `SELECT from_ms AS fromMs, to_ms AS toMs, share FROM session_share
     WHERE session_id = ? AND gpu_id = ? AND to_ms > ? ORDER BY from_ms`,
  );
  /** the newest row of each session and card: only the collector writes here */
  const newest = new Map<string, { readonly id: number | bigint; share: number | undefined; toMs: number }>();
  const write = db.transaction((spans: readonly SessionShare[]): void => {
    if (newest.size > MOST_SHARING) newest.clear();
    for (const { sessionId, gpuId, span } of spans) {
      const key = `${sessionId}:${gpuId}`;
      const [fromMs, toMs] = [Math.round(span.fromMs), Math.round(span.toMs)];
      const row = newest.get(key);
      if (row && row.toMs === fromMs && row.share === span.share) {
        extend.run(toMs, row.id);
        row.toMs = toMs;
      } else {
        const { lastInsertRowid: id } = insert.run(sessionId, gpuId, fromMs, toMs, span.share ?? null);
        newest.set(key, { id, share: span.share, toMs });
      }
    }
  });
  return {
    note(spans: readonly SessionShare[]): void {
      try {
        write(spans);
      } catch (thrown) {
        newest.clear(); // what was rolled back is not there
        throw thrown;
      }
    },
    of: (sessionId: number, gpuId: number, sinceMs = -Infinity): ShareSpan[] =>
      (of.all(sessionId, gpuId, sinceMs) as { fromMs: number; toMs: number; share: number | null }[]).map((row) => ({
        ...row,
        share: row.share ?? undefined,
      })),
  };
}
