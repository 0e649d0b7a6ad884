import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeFolder } from './folders.node.ts';
import { printableLines } from './printable.ts';
import { PRIVATE_FILE } from './private-files.node.ts';

export const LOG_BYTES = 1_000_000;
export const LOG_FILES = 5;

export const logFolder = (dataFolder: string): string => path.join(dataFolder, 'log');

/**
 * The log of one process: `log/NAME.log`, older parts `NAME.1.log` to `NAME.4.log`. Only one process may write it. Entries
 * are English in every language: logs are attached to bug reports.
 */
export type Log = {
  /** Adds an entry with the time. A log that cannot be written stops nothing; its next entry says how many are missing. */
  readonly write: (entry: string) => void;
  /** Adds an error with its trace. */
  readonly fault: (what: string, thrown: unknown) => void;
};

/** Home folders and user names are personal, and logs are attached to bug reports. */
function withoutUser(entry: string): string {
  let name: string | undefined;
  try {
    name = os.userInfo().username;
  } catch {
    // a user without an entry in the system's list of users, as in containers
  }
  const masked = entry.replaceAll(os.homedir(), '~');
  return name === undefined || name.length < 3 ? masked : masked.replaceAll(name, '<user>');
}

function rotate(file: string): void {
  const part = (age: number): string => (age === 0 ? file : file.replace(/\.log$/, `.${age}.log`));
  for (let age = LOG_FILES - 2; age >= 0; age--) if (fs.existsSync(part(age))) fs.renameSync(part(age), part(age + 1));
}

export function openLog(dataFolder: string, name: string): Log {
  const file = path.join(logFolder(dataFolder), `${name}.log`);
  let lost = 0;
  function write(entry: string): void {
    const text = printableLines(withoutUser(entry)).replaceAll('\n', '\n  ');
    const before = lost > 0 ? `${lost} earlier entries could not be written.\n  ` : '';
    const line = Buffer.from(`${new Date().toISOString()} ${before}${text}\n`).subarray(0, LOG_BYTES);
    try {
      makeFolder(path.dirname(file));
      if ((fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) + line.length > LOG_BYTES) rotate(file);
      fs.appendFileSync(file, line, { mode: PRIVATE_FILE });
      lost = 0;
    } catch {
      lost++; // a full or read-only disk; recording reports that itself
    }
  }
  return {
    write,
    fault: (what, thrown) =>
      write(`${what}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`),
  };
}

/** Files of all logs in a data folder, newest first. */
export function listLogs(dataFolder: string): { readonly file: string; readonly bytes: number }[] {
  try {
    return fs
      .readdirSync(logFolder(dataFolder))
      .filter((name) => name.endsWith('.log'))
      .map((name) => path.join(logFolder(dataFolder), name))
      .map((file) => ({ file, stat: fs.statSync(file) }))
      .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs)
      .map(({ file, stat }) => ({ file, bytes: stat.size }));
  } catch {
    return []; // no log yet
  }
}
