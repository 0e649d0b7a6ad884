import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Origin } from './origin.ts';
import { PRIVATE_FOLDER } from './private-files.node.ts';

/** Where Slowburn keeps its data: --data-dir, else SLOWBURN_DATA_DIR, else the platform's standard folder. */
export function dataFolder(override?: string): string {
  const chosen = override ?? process.env['SLOWBURN_DATA_DIR'];
  if (chosen) return path.resolve(chosen);
  if (process.platform === 'win32') {
    return path.join(process.env['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local'), 'Slowburn');
  }
  return path.join(process.env['XDG_DATA_HOME'] || path.join(os.homedir(), '.local', 'share'), 'slowburn');
}

/**
 * Makes a folder and its parents, readable by the owner only. Throws as fs does. Does not use `recursive: true`: Node 20
 * never returns from it where a folder refuses children with ENOENT, as /proc does.
 */
export function makeFolder(folder: string): void {
  if (fs.existsSync(folder) && fs.statSync(folder).isDirectory()) return;
  if (path.dirname(folder) !== folder) makeFolder(path.dirname(folder));
  try {
    fs.mkdirSync(folder, { mode: PRIVATE_FOLDER });
  } catch (thrown) {
    // another process may have made it meanwhile
    if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw thrown;
  }
}

export const settingsFile = (folder: string): string => path.join(folder, 'settings.json');

const HISTORIES: Readonly<Record<Origin, string>> = {
  measured: 'history.db',
  simulated: 'history.simulated.db',
  replayed: 'history.replay.db',
};

/** The history of a data folder. Measured, simulated and replayed numbers never share a file. */
export const historyFile = (folder: string, origin: Origin): string => path.join(folder, HISTORIES[origin]);

/** The folder of ledgers, one file per card; undefined for replays, which keep none. */
export function ledgerFolder(folder: string, origin: Origin): string | undefined {
  if (origin === 'replayed') return undefined;
  return path.join(folder, origin === 'simulated' ? 'ledger.simulated' : 'ledger');
}
