import type { Db } from '../../history/db.ts';
import type { SessionShare, ShareSpan } from '../energy/shares.ts';

/** Rows remembered for extension. Beyond this all are forgotten, and new rows begin. */
const MOST_SHARING = 1000;

/** Spans in which a session shared a card. The newest span of each is extended while its share is the same. */
export function createShareTable(db: Db) {
  const extend = db.prepare('UPDATE session_share SET to_ms = ? WHERE id = ?');
  const insert = db.prepare(
    'INSERT INTO session_share (session_id, gpu_id, from_ms, to_ms, share) VALUES (?, ?, ?, ?, ?)',
  );
  const of = db.prepare(
    `SELECT from_ms AS fromMs, to_ms AS toMs, share FROM session_share
     WHERE session_id = ? AND gpu_id = ? AND to_ms > ? ORDER BY from_ms`,
  );
  /** the newest row of each session and card; only the collector writes here */
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
        newest.clear(); // the rows were rolled back
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
