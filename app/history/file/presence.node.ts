import fs from 'node:fs';
import path from 'node:path';
import { text } from '../../core/i18n.ts';

/**
 * What happened to a file that is open. log-lost: the history itself is in its place, but its write-ahead log or the
 * log's index is not.
 */
export type Loss = 'deleted' | 'replaced' | 'folder-gone' | 'log-lost';

/** Files that SQLite keeps beside an open history. */
const LOGS = ['-wal', '-shm'] as const;

/** Device and inode of a file; undefined if there is none. Throws if the system cannot say. */
function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = fs.statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (thrown) {
    if (/^(ENOENT|ENOTDIR)$/.test(String((thrown as NodeJS.ErrnoException).code))) return undefined;
    throw thrown;
  }
}

/** The same, but a failure of the system counts as no file. */
const identityOrNone = (file: string): string | undefined => {
  try {
    return identityOf(file);
  } catch {
    return undefined;
  }
};

export type Presence = {
  /** Whether the names still lead to the open files. A name that cannot be checked counts as unchanged. */
  readonly look: () => Loss | undefined;
  /** Removes the logs of the open history from their names, where they are still ours. Call after a checkpoint. */
  readonly removeLogs: () => void;
};

/**
 * Compares an open file with its name by device and inode. POSIX allows an open file to be deleted, moved or replaced:
 * the program then writes into a file without a name, which vanishes when it ends. Windows refuses all three.
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

/** What happened to the open history `file`, as a sentence. */
export function describeLoss(file: string, loss: Loss): string {
  switch (loss) {
    case 'deleted':
      return text('historyFile.deleted', { file });
    case 'replaced':
      return text('historyFile.replaced', { file });
    case 'folder-gone':
      return text('historyFile.folderGone', { folder: path.dirname(file) });
    case 'log-lost':
      return text('historyFile.logLost', { file });
  }
}
