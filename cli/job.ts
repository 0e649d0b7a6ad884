import type { Translate } from '../app/core/i18n.ts';
import { createI18n } from '../app/core/i18n.ts';
import { createFormatter, type Formatter } from '../app/metrics/format.ts';
import type { HistoryJob, JobAnswers } from '../app/jobs/job.ts';
import { startJob } from '../app/jobs/run-job.node.ts';
import type { Result } from '../app/core/result.ts';
import { defaultSettings } from '../app/settings/settings.ts';
import { notes, out, printError } from './terminal.ts';
import { EXIT, threads } from './options.ts';

/** Words and numbers of the terminal. */
export function terminal(): { readonly t: Translate; readonly format: Formatter } {
  const locale = Intl.DateTimeFormat().resolvedOptions().locale;
  return { t: createI18n(locale).t, format: createFormatter(locale, defaultSettings) };
}

/** Runs a job with its progress on the terminal; Ctrl-C cancels it. */
export async function runJob<J extends HistoryJob>(job: J): Promise<Result<JobAnswers[J['kind']]>> {
  const running = startJob(threads, job, (done, total) =>
    notes.status(`${Math.floor((100 * done) / Math.max(1, total))} %`),
  );
  process.once('SIGINT', running.cancel);
  const result = await running.result;
  process.off('SIGINT', running.cancel);
  notes.clearStatus();
  return result;
}

/** Prints what a result says, and answers the exit code. */
export function concluded<T>(result: Result<T>, lines: (value: T) => readonly string[]): number {
  if (!result.ok) {
    printError(result.error);
    return EXIT.failed;
  }
  out.say(...lines(result.value));
  return EXIT.ok;
}
