import fs from 'node:fs';
import path from 'node:path';

/**
 * What happened to a file that is open. log-lost: the history itself is in its place, but its write-ahead log or the
 * log's index is not.
 */
export type Loss = 'deleted' | 'replaced' | 'folder-gone' | 'log-lost';

/** Files that SQLite keeps beside an open history. */
const LOGS = ['-wal', '-shm'] as const;

/** Device and inode of the file behind a name; undefined: there is none. Throws where this cannot be told. */
function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = fs.statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (thrown) {
    if (/^(ENOENT|ENOTDIR)$/.test(String((thrown as NodeJS.ErrnoException).code))) return undefined;
    throw thrown;
  }
}

/** The same where a failure of the system must change nothing. */
const identityOrNone = (file: string): string | undefined => {
  try {
    return identityOf(file);
  } catch {
    return undefined;
  }
};

export type Presence = {
  /** Whether the files behind the names are still the open ones. A name that cannot be looked at counts as unchanged. */
  readonly look: () => Loss | undefined;
  /** Removes the logs of the open history from their names, where they are still ours. Call after a checkpoint. */
  readonly removeLogs: () => void;
};

/**
 * Compares an open file with its name by device and inode. POSIX lets anyone delete, move or replace a file that is
 * open: the program goes on writing into a file without a name, which vanishes when it ends. Windows refuses all three.
 */
export function watchPresence(file: string): Presence {
  const mine = identityOrNone(file);
  const logs = new Map(LOGS.map((suffix) => [suffix, identityOrNone(file + suffix)]));
  return {
    look() {
      try {
        const now = identityOf(file);
        if (now === undefined) return identityOf(path.dirname(file)) === undefined ? 'folder-gone' : 'deleted';
        if (now !== mine) return 'replaced';
        for (const [suffix, before] of logs) {
          const log = identityOf(file + suffix);
          if (before === undefined) logs.set(suffix, log);
          else if (log !== before) return 'log-lost';
        }
        return undefined;
      } catch {
        return undefined;
      }
    },
    removeLogs() {
      for (const [suffix, before] of logs) {
        if (before !== undefined && identityOrNone(file + suffix) === before) fs.rmSync(file + suffix, { force: true });
      }
    },
  };
}

/** What happened, as a sentence. */
export function describeLoss(file: string, loss: Loss): string {
  switch (loss) {
    case 'deleted':
      return `The history ${file} was deleted or moved while Slowburn was recording.`;
    case 'replaced':
      return `The history ${file} was replaced by another file while Slowburn was recording.`;
    case 'folder-gone':
      return `The folder ${path.dirname(file)} was deleted or moved while Slowburn was recording.`;
    case 'log-lost':
      return `The write-ahead log of ${file} was deleted or replaced while Slowburn was recording.`;
  }
}
