import fs from 'node:fs';
import path from 'node:path';

/** Private by default: a history stores what ran on a machine. */
const PRIVATE_FILE = 0o600;

/** Makes a rename last: on ext4 and others it may be lost in a power cut until its folder is written. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // Windows has no handle on a folder that could be flushed
  const handle = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Makes the content of a file last. Throws as fs does. */
export function syncFile(file: string): void {
  const handle = fs.openSync(file, 'r+');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Puts a finished file in the place of another in one step that survives a power cut. Throws as fs does. */
export function replaceFile(temporary: string, target: string): void {
  syncFile(temporary);
  fs.renameSync(temporary, target);
  syncFolder(path.dirname(path.resolve(target)));
}

/**
 * Writes a whole file so that a crash or a power cut leaves either the old content or the new one, never a mixture.
 * The folder must exist. Throws as fs does; the temporary file is removed then.
 */
export function writeAtomically(file: string, data: string | Uint8Array, mode = PRIVATE_FILE): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.rmSync(temporary, { force: true }); // of a killed process with the same number: its mode may differ
    fs.writeFileSync(temporary, data, { mode, flag: 'wx' });
    replaceFile(temporary, file);
  } catch (thrown) {
    fs.rmSync(temporary, { force: true });
    throw thrown;
  }
}
