import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PRIVATE_FOLDER } from './private-files.node.ts';

/** Where numbers come from: each has files of its own. */
export type DataKind = 'nvml' | 'nvidia-smi' | 'simulator' | 'replay';

/** Where Slowburn keeps its data: --data-dir, else SLOWBURN_DATA_DIR, else the platform's usual place. */
export function dataFolder(override?: string): string {
  const chosen = override ?? process.env['SLOWBURN_DATA_DIR'];
  if (chosen) return path.resolve(chosen);
  if (process.platform === 'win32') {
    return path.join(process.env['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local'), 'Slowburn');
  }
  return path.join(process.env['XDG_DATA_HOME'] || path.join(os.homedir(), '.local', 'share'), 'slowburn');
}

/**
 * Makes a folder and those above it, for the owner alone. Throws as fs does. Not `recursive: true`: Node 20 never returns from it where a
 * folder refuses children with ENOENT, as /proc does.
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

/** Measured, simulated and replayed numbers never share a file. */
export function historyFile(folder: string, kind: DataKind): string {
  const name = kind === 'simulator' ? 'history.simulated.db' : kind === 'replay' ? 'history.replay.db' : 'history.db';
  return path.join(folder, name);
}

/** Ledgers of the cards, a file each; undefined for replays, whose numbers are computed anew each time. */
export function ledgerFolder(folder: string, kind: DataKind): string | undefined {
  if (kind === 'replay') return undefined;
  return path.join(folder, kind === 'simulator' ? 'ledger.simulated' : 'ledger');
}
