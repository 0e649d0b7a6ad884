import fs from 'node:fs';
import path from 'node:path';

/** For the owner alone: a history tells what ran on a machine, and when. Windows keeps a profile's files private itself. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/** Makes an empty private file where there is none: SQLite would make one that all can read. */
export function makePrivateFile(file: string): void {
  try {
    fs.closeSync(fs.openSync(file, 'wx', PRIVATE_FILE));
  } catch {
    // it is there, or cannot be made: whoever opens it says why
  }
}

/** Files and folders of Slowburn in its data folder. SQLite's own stand beside each database. */
const OWN = /^(history\.|settings\.json|recorder\.|tap\.|ledger$|ledger\.simulated$|meters$|window$|burn$|log$)/;
/** Folders whose content is ours, too. In the others Chromium keeps its own; their folder is closed. */
const OWN_CONTENT = /^(ledger|meters|log)/;

function tighten(file: string, stat: fs.Stats): void {
  const wanted = stat.isDirectory() ? PRIVATE_FOLDER : PRIVATE_FILE;
  if (stat.uid !== process.getuid?.() || (stat.mode & 0o077) === 0) return;
  // by name, not by an open file: to close a second handle of a database would drop SQLite's locks
  if (stat.isFile() || stat.isDirectory()) fs.chmodSync(file, wanted);
}

/**
 * Takes the rights of others away from what Slowburn keeps in a folder, also from what an earlier version or an open umask
 * left there. The folder itself is closed where it holds nothing else: it may be one that a person shares with others.
 * Links are not followed, and files of other users stay as they are.
 */
export function tightenFolder(folder: string): void {
  if (process.platform === 'win32') return;
  try {
    const names = fs.readdirSync(folder);
    for (const name of names.filter((one) => OWN.test(one))) {
      const file = path.join(folder, name);
      const stat = fs.lstatSync(file, { throwIfNoEntry: false });
      if (!stat) continue; // gone meanwhile
      tighten(file, stat);
      if (!stat.isDirectory() || !OWN_CONTENT.test(name)) continue;
      for (const inner of fs.readdirSync(file)) {
        const found = fs.lstatSync(path.join(file, inner), { throwIfNoEntry: false });
        if (found?.isFile()) tighten(path.join(file, inner), found);
      }
    }
    const stat = fs.lstatSync(folder);
    if (stat.isDirectory() && names.every((name) => OWN.test(name))) tighten(folder, stat);
  } catch {
    // read-only or another user's: whoever writes there says so
  }
}
