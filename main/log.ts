import { openLog, type Log } from '../app/core/log.node.ts';
import { printFault } from './terminal.ts';

let current: Log | undefined;

/** Begins `log/window.log`. The single-instance lock makes this process its only writer. */
export function startLog(dataFolder: string): void {
  current = openLog(dataFolder, 'window');
}

/** Logs what happened. Nothing is logged before `startLog`. */
export const log = (entry: string): void => current?.write(entry);

/** Prints an unexpected error with its trace, and logs it. */
export function logFault(thrown: unknown): void {
  printFault(thrown);
  current?.fault('Unexpected error', thrown);
}
