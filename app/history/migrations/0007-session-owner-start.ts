import type { Db } from '../db.ts';

/** Schema 7: when the process that owns a session started, because another process may get its PID. Empty: not known. */
export function addSessionOwnerStart(db: Db): void {
  db.exec(`ALTER TABLE session ADD COLUMN owner_start TEXT NOT NULL DEFAULT ''`);
}
