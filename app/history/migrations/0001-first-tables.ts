import type { Db } from '../db.ts';

/**
 * Schema 1: GPUs, samples as rows, roll-ups by minute, gaps, alerts, sessions, processes and the state of the wear model.
 *
 * sample: one row per GPU and tick. The id is the order of arrival, which a stepped clock cannot change. dt_ms is the
 * time since this GPU's previous row by the monotonic clock, NULL after a gap. states holds one byte per metric id: the
 * reading state, and bit 7 where the value was derived. Its index is by time alone: rows come in time order, so each tick
 * touches the last page of the index and no other.
 * process_use: which processes were seen on which GPU, and when.
 * wear_state: the wear model's state after the sample fed_to_id. At a start, later samples are fed again.
 */
export function createFirstTables(db: Db): void {
  db.exec(`
      CREATE TABLE gpu (
        id            INTEGER PRIMARY KEY,
        uuid          TEXT NOT NULL UNIQUE,
        name          TEXT NOT NULL,
        pci_bus_id    TEXT NOT NULL,
        display_index INTEGER NOT NULL,
        vbios         TEXT,
        first_seen_ms INTEGER NOT NULL,
        last_seen_ms  INTEGER NOT NULL
      );

      CREATE TABLE sample (
        id     INTEGER PRIMARY KEY,
        gpu_id INTEGER NOT NULL REFERENCES gpu (id),
        ts_ms  INTEGER NOT NULL,
        dt_ms  REAL,
        states BLOB NOT NULL
      );
      CREATE INDEX sample_by_time ON sample (ts_ms);

      CREATE TABLE rollup_minute (
        gpu_id    INTEGER NOT NULL REFERENCES gpu (id),
        metric_id INTEGER NOT NULL,
        minute_ms INTEGER NOT NULL,
        n         INTEGER NOT NULL,
        min       REAL NOT NULL,
        max       REAL NOT NULL,
        sum       REAL NOT NULL,
        PRIMARY KEY (gpu_id, metric_id, minute_ms)
      ) WITHOUT ROWID;

      CREATE TABLE gap (
        id      INTEGER PRIMARY KEY,
        from_ms INTEGER NOT NULL,
        to_ms   INTEGER NOT NULL,
        reason  TEXT NOT NULL
      );

      CREATE TABLE alert (
        id           INTEGER PRIMARY KEY,
        gpu_id       INTEGER NOT NULL REFERENCES gpu (id),
        rule         TEXT NOT NULL,
        severity     TEXT NOT NULL,
        fired_ms     INTEGER NOT NULL,
        cleared_ms   INTEGER,
        value        REAL NOT NULL,
        threshold    REAL NOT NULL,
        peak         REAL NOT NULL
      );

      CREATE TABLE session (
        id         INTEGER PRIMARY KEY,
        name       TEXT NOT NULL,
        command    TEXT NOT NULL,
        started_ms INTEGER NOT NULL,
        ended_ms   INTEGER,
        exit_code  INTEGER,
        owner_pid  INTEGER NOT NULL,
        gpus       TEXT NOT NULL,
        summary    TEXT
      );

      CREATE TABLE process_use (
        id         INTEGER PRIMARY KEY,
        gpu_id     INTEGER NOT NULL REFERENCES gpu (id),
        pid        INTEGER NOT NULL,
        name       TEXT NOT NULL,
        first_ms   INTEGER NOT NULL,
        last_ms    INTEGER NOT NULL,
        vram_bytes INTEGER
      );
      CREATE INDEX process_use_by_time ON process_use (last_ms);

      CREATE TABLE wear_state (
        gpu_id        INTEGER PRIMARY KEY REFERENCES gpu (id),
        model_version TEXT NOT NULL,
        fed_to_id     INTEGER NOT NULL,
        state         TEXT NOT NULL
      );
  `);
}
