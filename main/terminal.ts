import { openTerminal } from '../app/core/terminal.ts';

/** What the window's process says where it was started from. */
export const notes = openTerminal(process.stderr);
/** Messages to the process that started this one, a line each. */
export const toParent = openTerminal(process.stdout);

/** A fault of our own, with its trace. */
export const printFault = (thrown: unknown): void =>
  notes.text(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
