import type { JobRequest } from './jobs.ts';

/** How many jobs of a kind work at once, and how many more wait for their turn. Each works in a thread of its own. */
export const jobLimits: Readonly<Record<JobRequest['kind'], { readonly running: number; readonly waiting: number }>> = {
  export: { running: 1, waiting: 4 },
  backup: { running: 1, waiting: 0 },
  check: { running: 1, waiting: 0 },
};
