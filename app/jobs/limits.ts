import type { JobRequest } from './jobs.ts';

/** How many jobs of a kind run at once, each in its own thread, and how many more may wait. */
export const jobLimits: Readonly<Record<JobRequest['kind'], { readonly running: number; readonly waiting: number }>> = {
  export: { running: 1, waiting: 4 },
  sessions: { running: 1, waiting: 4 },
  backup: { running: 1, waiting: 0 },
  check: { running: 1, waiting: 0 },
};
