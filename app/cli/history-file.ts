import fs from 'node:fs';
import path from 'node:path';
import { refuseInput } from '../core/read-input.node.ts';
import { readRecorder } from '../history/recorder.node.ts';
import { err, ok, type Result } from '../result.ts';
import { dataFolder } from '../settings/folders.node.ts';

export type FileOptions = { readonly dataDir?: string; readonly file?: string };

const NAMES = ['history.db', 'history.simulated.db', 'history.replay.db'];

/** The history that a command is about: the one named, the one being recorded, or the first that is there. */
export function historyOf({ dataDir, file }: FileOptions): Result<string> {
  if (file !== undefined) {
    return refuseInput(file) ?? ok(path.resolve(file));
  }
  const folder = dataFolder(dataDir);
  const recording = readRecorder(folder)?.databaseFile;
  const found = [recording, ...NAMES.map((name) => path.join(folder, name))].find(
    (candidate) => candidate !== undefined && fs.existsSync(candidate),
  );
  return found === undefined
    ? err('not-found', `There is no history in ${folder}.`, 'Name its folder with --data-dir, or the file with --file.')
    : ok(found);
}
