import fs from 'node:fs';
import path from 'node:path';
import { PRIVATE_FILE } from './private-files.node.ts';

/** Makes a rename durable: ext4 and other file systems may lose it in a power cut until the folder is flushed. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // Windows cannot flush a folder
  const handle = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Flushes the content of a file to the disk. Throws as fs does. */
export function syncFile(file: string): void {
  const handle = fs.openSync(file, 'r+');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Replaces a file by a finished one in one step that survives a power cut. Throws as fs does. */
export function replaceFile(temporary: string, target: string): void {
  syncFile(temporary);
  fs.renameSync(temporary, target);
  syncFolder(path.dirname(path.resolve(target)));
}

/** Writes a temporary file in the same folder, then replaces the file by it. */
function writeBeside(file: string, data: string | Uint8Array, mode: number, replace: typeof replaceFile): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.rmSync(temporary, { force: true }); // left by a killed process with the same PID; its mode may differ
    fs.writeFileSync(temporary, data, { mode, flag: 'wx' });
    replace(temporary, file);
  } catch (thrown) {
    fs.rmSync(temporary, { force: true });
    throw thrown;
  }
}

/**
 * Writes a whole file so that a crash or a power cut leaves either the old content or the new one, never a mixture.
 * The folder must exist. Throws as fs does, after removing the temporary file.
 */
export function writeAtomically(file: string, data: string | Uint8Array, mode = PRIVATE_FILE): void {
  writeBeside(file, data, mode, replaceFile);
}

/**
 * Writes a file through which one running process informs another. Readers see all of it or none. It is not flushed to
 * the disk: after a crash it is worthless, and some are written every second.
 */
export function writeNote(file: string, data: string): void {
  writeBeside(file, data, PRIVATE_FILE, fs.renameSync);
}
