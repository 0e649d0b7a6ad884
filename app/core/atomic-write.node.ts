import fs from 'node:fs';
import path from 'node:path';
import { PRIVATE_FILE } from './private-files.node.ts';

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

/** Writes a temporary file beside another, and puts it in the other's place. */
function writeBeside(file: string, data: string | Uint8Array, mode: number, replace: typeof replaceFile): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.rmSync(temporary, { force: true }); // of a killed process with the same number: its mode may differ
    fs.writeFileSync(temporary, data, { mode, flag: 'wx' });
    replace(temporary, file);
  } catch (thrown) {
    fs.rmSync(temporary, { force: true });
    throw thrown;
  }
}

/**
 * Writes a whole file so that a crash or a power cut leaves either the old content or the new one, never a mixture.
 * The folder must exist. Throws as fs does; the temporary file is removed then.
 */
export function writeAtomically(file: string, data: string | Uint8Array, mode = PRIVATE_FILE): void {
  writeBeside(file, data, mode, replaceFile);
}

/**
 * Writes a note from one running process to another: readers see it whole or not at all. It is worth nothing after a
 * crash, so nothing waits for the disk: some are written every second.
 */
export function writeNote(file: string, data: string): void {
  writeBeside(file, data, PRIVATE_FILE, fs.renameSync);
}
