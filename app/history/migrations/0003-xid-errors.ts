import type { Db } from '../db.ts';

/**
 * Schema 3: the architecture of a GPU, and the Xid errors that the driver reported. `witness` names who reported one: the
 * driver's library, the kernel's log, or both.
 */
export function addXidErrors(db: Db): void {
  db.exec(`
      ALTER TABLE gpu ADD COLUMN architecture TEXT;

      CREATE TABLE xid (
        id      INTEGER PRIMARY KEY,
        gpu_id  INTEGER NOT NULL REFERENCES gpu (id),
        ts_ms   INTEGER NOT NULL,
        code    INTEGER NOT NULL,
        text    TEXT,
        witness TEXT NOT NULL
      );
      CREATE INDEX xid_by_time ON xid (ts_ms);
  `);
}
