import fs from 'node:fs';
import path from 'node:path';
import { refuseInput } from '../app/core/read-input.node.ts';
import { lockRecorder } from '../app/history/file/database.node.ts';
import { finishReplacement, isBeingReplaced } from '../app/history/file/replacement.node.ts';
import { readRecorder } from '../app/core/recorder-note.node.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { dataFolder } from '../app/core/folders.node.ts';

export type FileOptions = { readonly dataDir?: string; readonly file?: string };

const NAMES = ['history.db', 'history.simulated.db', 'history.replay.db'];

/** Does work that nobody may record meanwhile. */
export async function alone<T>(file: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
  const lock = lockRecorder(path.dirname(file));
  if (!lock.ok) return err(lock.error.code, lock.error.message, 'Close Slowburn, then try again.');
  try {
    return await work();
  } finally {
    lock.value();
  }
}

/** Completes a restore that was interrupted, unless it is under way: then whoever opens the file is told so. */
function completeRestore(file: string): void {
  if (!isBeingReplaced(file)) return;
  const lock = lockRecorder(path.dirname(file));
  if (!lock.ok) return;
  try {
    finishReplacement(file);
  } finally {
    lock.value();
  }
}

/**
 * The history that a command is about: the one named, the one being recorded, or the first that is there. A restore that
 * was interrupted is completed.
 */
export function historyOf({ dataDir, file }: FileOptions): Result<string> {
  if (file !== undefined) {
    completeRestore(file);
    return refuseInput(file) ?? ok(path.resolve(file));
  }
  const folder = dataFolder(dataDir);
  const recording = readRecorder(folder)?.databaseFile;
  const found = [recording, ...NAMES.map((name) => path.join(folder, name))].find((candidate) => {
    if (candidate === undefined) return false;
    completeRestore(candidate);
    return fs.existsSync(candidate);
  });
  return found === undefined
    ? err('not-found', `There is no history in ${folder}.`, 'Name its folder with --data-dir, or the file with --file.')
    : ok(found);
}
