import fs from 'node:fs';

export type LogFlush = {
  /** Flushes what is committed so far; at most once a second and one at a time. Never waits, never throws. */
  readonly flush: (monoMs: number) => void;
};

const EVERY_MS = 1_000;

/**
 * Makes committed samples survive a power cut. SQLite leaves the write-ahead log in the system's cache until the next
 * checkpoint, and Linux writes that out after some 30 seconds. Flushing it in the background costs the recorder no time.
 * The log is opened each time: an open file would keep SQLite from deleting it under Windows. POSIX locks, which closing a
 * file drops, are on the database and on `-shm` only.
 */
export function createLogFlush(databaseFile: string): LogFlush {
  const log = `${databaseFile}-wal`;
  let busy = false;
  let nextMs = -Infinity;

  async function sync(): Promise<void> {
    let handle: fs.promises.FileHandle | undefined;
    try {
      handle = await fs.promises.open(log, 'r+');
      await handle.datasync();
    } catch {
      // no log yet, or a disk that fails: the next write or checkpoint reports it
    } finally {
      await handle?.close().catch(() => undefined);
      busy = false;
    }
  }

  return {
    flush(monoMs) {
      if (busy || monoMs < nextMs) return;
      [busy, nextMs] = [true, monoMs + EVERY_MS];
      void sync();
    },
  };
}
