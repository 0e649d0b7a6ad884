// What the set-up prints: one line per step, and one sentence if it cannot continue.

import { printableLines } from './printable.mjs';

export const root = new URL('../..', import.meta.url);

/** An expected failure: shown as one sentence and one next step, never as a stack trace. */
export class SetupError extends Error {
  /** @param {string} what happened @param {string} [next] what the person can do */
  constructor(what, next) {
    super(next ? `${what}\n  ${next}` : what);
    this.name = 'SetupError';
  }
}

/** Prints a result. */
export const print = (text) => void process.stdout.write(`${printableLines(text)}\n`);
/** Prints an error or a note. */
export const note = (text) => void process.stderr.write(`${printableLines(text)}\n`);

const started = performance.now();

/** Prints a progress line, with the seconds since the command began. */
export function say(text) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  note(`${seconds} s  ${text}`);
}

const SYSTEM = {
  ENOSPC: ['the disk is full', 'Free some space, then run the command again.'],
  EDQUOT: ['the disk quota is used up', 'Free some space, then run the command again.'],
  EROFS: ['the file system is read-only', 'Use a folder that can be written to.'],
  EACCES: ['permission is denied', 'Use an account that may write there; XDG_CACHE_HOME chooses another cache folder.'],
};
SYSTEM.EPERM = SYSTEM.EACCES;

/** What a failure of the system means for a person; undefined for anything else. */
export function systemFailure(error) {
  const known = SYSTEM[error?.code];
  if (!known) return undefined;
  const [why, next] = known;
  return new SetupError(`${error.path ?? error.dest ?? 'A file'} could not be written: ${why}.`, next);
}

/** Runs a command's body; an expected failure becomes a sentence and exit code 1. Anything else is a bug and is thrown. */
export async function runCommand(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    const expected = error instanceof SetupError ? error : systemFailure(error);
    if (!expected) throw error;
    note(`\n${expected.message}`);
    process.exitCode = 1;
  }
}
