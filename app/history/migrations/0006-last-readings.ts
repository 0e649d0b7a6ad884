import type { Db } from '../db.ts';

/**
 * Schema 6: what a card showed last before it was lost or reset, or before the machine stopped without a shutdown. JSON;
 * NULL for other events, and for those of earlier schemas.
 */
export function addLastReadings(db: Db): void {
  db.exec('ALTER TABLE event ADD COLUMN last TEXT');
}
