import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeFolder } from '../app/core/folders.node.ts';
import { PRIVATE_FILE } from '../app/core/private-files.node.ts';
import { printFault } from './terminal.ts';

const LARGEST_BYTES = 1_000_000;
const FILES = 5;

let file: string | undefined;

/** Moves NAME.log to NAME.1.log, that to NAME.2.log, and so on; the oldest goes. */
function rotate(current: string): void {
  const name = (age: number): string => (age === 0 ? current : current.replace(/\.log$/, `.${age}.log`));
  for (let age = FILES - 2; age >= 0; age--) {
    if (fs.existsSync(name(age))) fs.renameSync(name(age), name(age + 1));
  }
}

/** Begins the log of this process in the folder for data. A process is the only writer of its file. */
export function startLog(dataFolder: string, name: 'window' | 'collector'): void {
  file = path.join(dataFolder, 'log', `${name}.log`);
}

/**
 * Notes what happened, with the time. The home folder is left out of it, as it names the user. A log that cannot be
 * written ends nothing.
 */
export function log(text: string): void {
  if (file === undefined) return;
  const line = `${new Date().toISOString()} ${text.replaceAll(os.homedir(), '~').replaceAll('\n', '\n  ')}\n`;
  try {
    makeFolder(path.dirname(file));
    if ((fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) + line.length > LARGEST_BYTES) rotate(file);
    fs.appendFileSync(file, line, { mode: PRIVATE_FILE });
  } catch {
    // the disk is full or not ours: the message is on the terminal as well, where there is one
  }
}

/** Notes an error of our own code with its trace, in the log and on the terminal. */
export function logFault(thrown: unknown): void {
  printFault(thrown);
  log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
}
