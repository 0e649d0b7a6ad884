import type { ExportRequest } from '../exchange/export.node.ts';
import type { AppError, Result } from '../core/result.ts';
import type { JobKind } from './job.ts';

/** A long job as the window sees it. */
export type JobState = {
  readonly id: number;
  readonly kind: JobKind;
  /** waiting: until another of its kind has ended */
  readonly state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';
  /** 0–1 */
  readonly share: number;
  /** the file written */
  readonly path?: string | undefined;
  /** check: what is wrong, in words */
  readonly problems?: readonly string[] | undefined;
  readonly error?: AppError | undefined;
};

/** What the window can request. The main process adds the path that the person chose. */
export type JobRequest =
  | ({ readonly kind: 'export' } & ExportRequest)
  | { readonly kind: 'backup'; readonly target: string }
  | { readonly kind: 'check' };

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
