import { openTerminal } from '../app/core/terminal.ts';
import type { AppError } from '../app/core/result.ts';

/** no-color.org: any value but an empty one means no colour. */
const { NO_COLOR = '', TERM } = process.env;
const colour = NO_COLOR === '' && TERM !== 'dumb';

/** Standard output: the result of a command. */
export const out = openTerminal(process.stdout, colour);
/** Standard error: progress, errors and hints. */
export const notes = openTerminal(process.stderr);

/** Prints an error: its cause, then the next step. */
export const printError = ({ message, next }: Pick<AppError, 'message' | 'next'>): void =>
  notes.say(message, ...(next ? [`  ${next}`] : []));
