import type { Db } from './db.ts';
import { toSealedSchema } from './sealed-schema.ts';

/**
 * Schema steps, in order; `user_version` counts those applied. A step is frozen once it has shipped: change the schema
 * by adding a step.
 */
export const migrations: readonly ((db: Db) => void)[] = [
  (db) =>
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

      -- One row a GPU and tick. The id is the order of arrival, which a stepped clock cannot change; dt_ms is the time
      -- since this GPU's previous row by the monotonic clock, NULL after a gap. states holds one byte a metric id:
      -- the reading state, and bit 7 where the value was derived.
      CREATE TABLE sample (
        id     INTEGER PRIMARY KEY,
        gpu_id INTEGER NOT NULL REFERENCES gpu (id),
        ts_ms  INTEGER NOT NULL,
        dt_ms  REAL,
        states BLOB NOT NULL
      );
      -- by time alone: rows come in time order, so each tick touches the last page of the index and no other
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

      -- Which processes were seen on which GPU, and when.
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

      -- The wear model's state after the sample fed_to_id: what came later is fed again from the samples at start.
      CREATE TABLE wear_state (
        gpu_id        INTEGER PRIMARY KEY REFERENCES gpu (id),
        model_version TEXT NOT NULL,
        fed_to_id     INTEGER NOT NULL,
        state         TEXT NOT NULL
      );
    `),
  toSealedSchema,
  (db) =>
    db.exec(`
      ALTER TABLE gpu ADD COLUMN architecture TEXT;

      -- XID errors that the driver reported. witness says who told: its library, the kernel's log, or both.
      CREATE TABLE xid (
        id      INTEGER PRIMARY KEY,
        gpu_id  INTEGER NOT NULL REFERENCES gpu (id),
        ts_ms   INTEGER NOT NULL,
        code    INTEGER NOT NULL,
        text    TEXT,
        witness TEXT NOT NULL
      );
      CREATE INDEX xid_by_time ON xid (ts_ms);
    `),
  (db) =>
    db.exec(`
      -- While others worked on the same card: a session's share of it, NULL where nobody tells how much.
      CREATE TABLE session_share (
        id         INTEGER PRIMARY KEY,
        session_id INTEGER NOT NULL REFERENCES session (id),
        gpu_id     INTEGER NOT NULL REFERENCES gpu (id),
        from_ms    INTEGER NOT NULL,
        to_ms      INTEGER NOT NULL,
        share      REAL
      );
      CREATE INDEX session_share_by_session ON session_share (session_id, gpu_id, from_ms);
    `),
  (db) =>
    db.exec(`
      -- Command lines held passwords, keys and prompts. What was stored before is cut to the program.
      UPDATE session SET command = substr(command, 1, instr(command || ' ', ' ') - 1);
      UPDATE process_use SET name = substr(name, 1, instr(name || ' -', ' -') - 1);
    `),
];
