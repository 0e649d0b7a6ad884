import { openTerminal } from '../app/core/terminal.ts';
import type { AppError } from '../app/core/result.ts';

/** What was asked for. */
export const out = openTerminal(process.stdout);
/** What is said about it: progress, faults, hints. */
export const notes = openTerminal(process.stderr);

/** An error: its cause, then the next step. */
export const printError = ({ message, next }: Pick<AppError, 'message' | 'next'>): void =>
  notes.say(message, ...(next ? [`  ${next}`] : []));
