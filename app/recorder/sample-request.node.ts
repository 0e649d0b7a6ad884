import fs from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../core/folders.node.ts';
import { PRIVATE_FILE } from '../core/private-files.node.ts';

/** A separate folder: the history beside it changes with every tick, and each change would wake the watcher. */
const folderOf = (dataFolder: string): string => path.join(dataFolder, 'requests');

/** One write is reported as several changes. */
const SAME_REQUEST_MS = 20;

/**
 * Asks the recorder of a data folder, in whatever process, for a sample now. Without a recorder, or where the system does
 * not report changes of files, nothing happens: the next sample is then that of the next tick.
 */
export function requestSample(dataFolder: string): void {
  try {
    makeFolder(folderOf(dataFolder));
    fs.writeFileSync(path.join(folderOf(dataFolder), 'sample'), `${Date.now()}\n`, { mode: PRIVATE_FILE });
  } catch {
    // a full disk, or a folder of another user
  }
}

/** Calls back at each request. @returns stops watching */
export function watchSampleRequests(dataFolder: string, onRequest: () => void): () => void {
  let waiting: NodeJS.Timeout | undefined;
  let watcher: fs.FSWatcher | undefined;
  try {
    makeFolder(folderOf(dataFolder));
    watcher = fs.watch(folderOf(dataFolder), { persistent: false }, () => {
      if (waiting) return;
      onRequest();
      waiting = setTimeout(() => (waiting = undefined), SAME_REQUEST_MS);
      waiting.unref();
    });
    watcher.on('error', () => undefined); // the folder was removed
  } catch {
    // the system has no more watchers
  }
  return () => {
    clearTimeout(waiting);
    watcher?.close();
  };
}
