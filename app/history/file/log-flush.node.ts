import fs from 'node:fs';

export type LogFlush = {
  /** Flushes what is committed so far; at most once a second and one at a time. Never waits, never throws. */
  readonly flush: (monoMs: number) => void;
  /** Releases the log. Call before the history is closed; nothing is flushed after it. */
  readonly close: () => void;
};

const EVERY_MS = 1_000;
/** Under Windows an open file would keep SQLite from deleting it: there the log is opened each time. */
const KEEPS_OPEN = process.platform !== 'win32';

/**
 * Makes committed samples survive a power cut. SQLite leaves the write-ahead log in the system's cache until the next
 * checkpoint, and Linux writes that out after some 30 seconds. Flushing it in the background costs the recorder no time.
 * The log stays the same file as long as the history is open. POSIX locks, which closing a file drops, are on the database
 * and on `-shm` only.
 */
export function createLogFlush(databaseFile: string): LogFlush {
  const log = `${databaseFile}-wal`;
  let fd: number | undefined;
  let busy = false;
  let closed = false;
  let nextMs = -Infinity;

  // no log yet, or a disk that fails: the next write or checkpoint reports it
  function done(): void {
    if (fd !== undefined && (closed || !KEEPS_OPEN)) fs.close(fd, () => undefined);
    if (closed || !KEEPS_OPEN) fd = undefined;
    busy = false;
  }
  function sync(): void {
    if (fd === undefined || closed) return done();
    fs.fdatasync(fd, done);
  }

  return {
    flush(monoMs) {
      if (busy || closed || monoMs < nextMs) return;
      [busy, nextMs] = [true, monoMs + EVERY_MS];
      if (fd !== undefined) return sync();
      fs.open(log, 'r+', (_, opened?: number) => {
        fd = opened;
        sync();
      });
    },
    close() {
      closed = true;
      if (!busy) done();
    },
  };
}
