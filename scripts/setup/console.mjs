// What the set-up says to a person: one line a step while it works, one sentence when it cannot go on.

export const root = new URL('../..', import.meta.url);

/** An expected failure: shown as one sentence and one next step, never as a stack trace. */
export class SetupError extends Error {
  /** @param {string} what happened @param {string} [next] what the person can do */
  constructor(what, next) {
    super(next ? `${what}\n  ${next}` : what);
    this.name = 'SetupError';
  }
}

const started = performance.now();

/** Prints a progress line, with the seconds since the command began. */
export function say(text) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  process.stderr.write(`${seconds} s  ${text}\n`);
}

/** Runs a command's body; a SetupError becomes a sentence and exit code 1, anything else is a bug and stays loud. */
export async function runCommand(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
