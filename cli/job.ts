import { text } from '../app/core/i18n.ts';
import type { HistoryJob, JobAnswers } from '../app/jobs/job.ts';
import { startJob } from '../app/jobs/run-job.node.ts';
import type { Result } from '../app/core/result.ts';
import { notes, out, printError } from './terminal.ts';
import { EXIT, threads } from './options.ts';

/** Runs a job with its progress on the terminal; Ctrl-C cancels it. */
export async function runJob<J extends HistoryJob>(job: J): Promise<Result<JobAnswers[J['kind']]>> {
  const running = startJob(threads, job, (done, total) =>
    notes.status(text('cli.percent', { percent: Math.floor((100 * done) / Math.max(1, total)) })),
  );
  process.once('SIGINT', running.cancel);
  const result = await running.result;
  process.off('SIGINT', running.cancel);
  notes.clearStatus();
  return result;
}

/**
 * Prints a result or its error.
 * @param lines the text of a result
 * @returns the exit code
 */
export function concluded<T>(result: Result<T>, lines: (value: T) => readonly string[]): number {
  if (!result.ok) {
    printError(result.error);
    return EXIT.failed;
  }
  out.say(...lines(result.value));
  return EXIT.ok;
}
