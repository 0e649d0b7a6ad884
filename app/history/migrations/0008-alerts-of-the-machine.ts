import type { Db } from '../db.ts';

/**
 * Schema 8: alerts of the whole machine, whose gpu_id is NULL, and what a person did about an alert: acknowledged_ms,
 * snoozed_until_ms. told_ms is when its message was sent, NULL before that; earlier versions sent it at once.
 */
export function addAlertsOfTheMachine(db: Db): void {
  db.exec(`
      CREATE TABLE alert_new (
        id               INTEGER PRIMARY KEY,
        gpu_id           INTEGER REFERENCES gpu (id),
        rule             TEXT NOT NULL,
        severity         TEXT NOT NULL,
        fired_ms         INTEGER NOT NULL,
        cleared_ms       INTEGER,
        value            REAL NOT NULL,
        threshold        REAL NOT NULL,
        peak             REAL NOT NULL,
        told_ms          INTEGER,
        acknowledged_ms  INTEGER,
        snoozed_until_ms INTEGER
      );
      INSERT INTO alert_new (id, gpu_id, rule, severity, fired_ms, cleared_ms, value, threshold, peak, told_ms)
        SELECT id, gpu_id, rule, severity, fired_ms, cleared_ms, value, threshold, peak, fired_ms FROM alert;
      DROP TABLE alert;
      ALTER TABLE alert_new RENAME TO alert;
  `);
}
