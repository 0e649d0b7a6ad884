import fs from 'node:fs';
import path from 'node:path';
import { text } from '../app/core/i18n.ts';
import { refuseInput } from '../app/core/read-input.node.ts';
import { lockRecorder } from '../app/history/file/database.node.ts';
import { finishReplacement, isBeingReplaced } from '../app/history/file/replacement.node.ts';
import { readRecorder } from '../app/core/recorder-note.node.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { dataFolder } from '../app/core/folders.node.ts';

export type FileOptions = { readonly dataDir?: string; readonly file?: string };

const NAMES = ['history.db', 'history.simulated.db', 'history.replay.db'];

/** Does work during which no process may record into the folder of a history. */
export async function alone<T>(file: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
  const lock = lockRecorder(path.dirname(file));
  if (!lock.ok) return err(lock.error.code, lock.error.message, text('cli.history.closeFirst'));
  try {
    return await work();
  } finally {
    lock.value();
  }
}

/** Completes an interrupted restore. Leaves a running one alone: opening the history reports it. */
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
 * The history of a command: the given file, the one being recorded, or the first that exists. Completes an interrupted
 * restore.
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
    ? err('not-found', text('cli.history.none', { folder }), text('cli.history.name'))
    : ok(found);
}
