import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Where set-up keeps what is slow to make (an Electron runtime, a compiled addon), shared by all checkouts. */
export function cacheDir(name) {
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === 'win32' ? process.env.LOCALAPPDATA : undefined) ||
    path.join(os.homedir(), '.cache');
  const dir = path.join(base, 'slowburn-setup', name);
  fs.mkdirSync(dir, { recursive: true });
  return dir;
}

/**
 * Makes `target` by letting `make(dir)` fill a temporary folder beside it, then renaming it into place: two set-ups at
 * once, or one that dies half-way, never leave a broken entry.
 */
export async function makeAtomically(target, make) {
  const temporary = fs.mkdtempSync(path.join(path.dirname(target), '.making-'));
  try {
    const made = await make(temporary);
    try {
      fs.renameSync(made, target);
    } catch (error) {
      if (!fs.existsSync(target)) throw error; // otherwise somebody else finished first
    }
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** Content of a text file, trimmed; '' when it is not there. */
export function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw error;
  }
}
