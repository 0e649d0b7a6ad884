import type { Result } from '../core/result.ts';
import type { JobState, JobRequest } from './schema.ts';

export type { JobRequest, JobState } from './schema.ts';

/** The long jobs of one history. Listeners receive each change of a job. */
export type Jobs = {
  /** Refused with `busy` when too many of this kind wait already. */
  readonly begin: (request: JobRequest) => Result<JobState>;
  /** False: there is no such job, or it has ended. */
  readonly cancel: (id: number) => boolean;
  /** jobs that wait, run, or ended recently */
  readonly list: () => JobState[];
  readonly cancelAll: () => Promise<void>;
};
