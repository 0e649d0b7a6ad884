import path from 'node:path';
import { lockRecorder } from '../history/file/database.node.ts';
import { watchPresence } from '../history/file/presence.node.ts';
import { ok, type Result } from '../core/result.ts';

export type FolderLock = {
  /** Locks again where the lock's file is gone: a second recorder could begin in the same folder otherwise. */
  readonly renew: () => Result<undefined>;
  readonly release: () => void;
};

/** The recorder's lock of a folder, which lasts although its file or the folder is deleted. */
export function lockFolder(folder: string): Result<FolderLock> {
  const first = lockRecorder(folder);
  if (!first.ok) return first;
  const file = path.join(folder, 'recorder.lock');
  let release: (() => void) | undefined = first.value;
  let presence = watchPresence(file);
  return ok({
    renew() {
      const loss = presence.look();
      if (release && (loss === undefined || loss === 'log-lost')) return ok(undefined);
      release?.();
      release = undefined;
      const again = lockRecorder(folder);
      if (!again.ok) return again;
      release = again.value;
      presence = watchPresence(file);
      return ok(undefined);
    },
    release: () => release?.(),
  });
}
