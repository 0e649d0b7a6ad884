import type { Db } from '../db.ts';

/** Schema 4: a session's share of a card that several programs used at the same time. NULL: the share is not known. */
export function addSessionShares(db: Db): void {
  db.exec(`
      CREATE TABLE session_share (
        id         INTEGER PRIMARY KEY,
        session_id INTEGER NOT NULL REFERENCES session (id),
        gpu_id     INTEGER NOT NULL REFERENCES gpu (id),
        from_ms    INTEGER NOT NULL,
        to_ms      INTEGER NOT NULL,
        share      REAL
      );
      CREATE INDEX session_share_by_session ON session_share (session_id, gpu_id, from_ms);
  `);
}
