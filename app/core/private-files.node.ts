import fs from 'node:fs';
import path from 'node:path';

/** Only the owner may read: a history reveals what ran on a machine, and when. Windows protects profile folders already. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/** Makes an empty private file if there is none: SQLite would make one that everyone can read. */
export function makePrivateFile(file: string): void {
  try {
    fs.closeSync(fs.openSync(file, 'wx', PRIVATE_FILE));
  } catch {
    // it exists, or cannot be made: opening it reports why
  }
}

/** Files and folders of Slowburn in its data folder, including those that SQLite keeps next to each database. */
const OWN =
  /^(history\.|settings\.json|secrets\.json|prices\.json|mqtt\.json|running\.json|recorder\.|tap\.|ledger$|ledger\.simulated$|meters$|window$|burn$|log$|requests$)/;
/** Folders whose files are made private one by one. In the others Chromium keeps its files; only the folder is closed. */
const OWN_CONTENT = /^(ledger|meters|log|requests)/;

function tighten(file: string, stat: fs.Stats): void {
  const wanted = stat.isDirectory() ? PRIVATE_FOLDER : PRIVATE_FILE;
  if (stat.uid !== process.getuid?.() || (stat.mode & 0o077) === 0) return;
  // by name: closing a second handle of a database would drop SQLite's locks
  if (stat.isFile() || stat.isDirectory()) fs.chmodSync(file, wanted);
}

/**
 * Makes Slowburn's files in a folder private, including files from an earlier version or a permissive umask. The folder
 * becomes private only if it holds nothing else, because a person may share it with others. Links are not followed, and
 * files of other users stay unchanged.
 */
export function tightenFolder(folder: string): void {
  if (process.platform === 'win32') return;
  try {
    const names = fs.readdirSync(folder);
    for (const name of names.filter((one) => OWN.test(one))) {
      const file = path.join(folder, name);
      const stat = fs.lstatSync(file, { throwIfNoEntry: false });
      if (!stat) continue; // removed meanwhile
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
    // read-only or another user's: writing there reports it
  }
}
