import type { Db } from '../db.ts';

/**
 * Schema 9: messages about alerts, one row per message and channel, in the order in which they are sent. `body` is the
 * message as JSON. `outcome` is NULL while it waits, then 'delivered' or 'dropped', at `ended_ms`. `closed` is 1 once the
 * episode is over, so that the message about its end goes to the channels that got the first one.
 */
export function addAlertMessages(db: Db): void {
  db.exec(`
      CREATE TABLE alert_message (
        id         INTEGER PRIMARY KEY,
        channel    TEXT NOT NULL,
        message_id TEXT NOT NULL,
        gpu_uuid   TEXT,
        rule       TEXT NOT NULL,
        body       TEXT NOT NULL,
        queued_ms  INTEGER NOT NULL,
        attempts   INTEGER NOT NULL,
        error      TEXT,
        outcome    TEXT,
        ended_ms   INTEGER,
        closed     INTEGER NOT NULL,
        UNIQUE (channel, message_id)
      );
  `);
}
