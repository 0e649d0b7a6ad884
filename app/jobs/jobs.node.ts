import type { CheckReport } from './check.ts';
import type { HistoryJob } from './job.ts';
import type { JobRequest, Jobs, JobState } from './jobs.ts';
import { startJob, type RunningJob } from './run-job.node.ts';

const KEPT = 8; // ended jobs that a page may still ask for

const jobOf = (databaseFile: string, request: JobRequest): HistoryJob => {
  switch (request.kind) {
    case 'export':
      return { kind: 'export', databaseFile, request };
    case 'backup':
      return { kind: 'backup', databaseFile, target: request.target };
    case 'check':
      return { kind: 'check', databaseFile };
  }
};

/** Long jobs on the history that is being recorded, each in a thread of its own. */
export function createJobs(threads: URL, databaseFile: string, onChange: (state: JobState) => void): Jobs {
  const states = new Map<number, JobState>();
  const running = new Map<number, RunningJob<unknown>>();
  let nextId = 1;

  function set(state: JobState): void {
    states.set(state.id, state);
    for (const { id, state: now } of states.values()) {
      if (states.size > KEPT && now !== 'running') states.delete(id);
    }
    onChange(state);
  }

  return {
    begin(request) {
      const id = nextId++;
      const path = 'target' in request ? request.target : undefined;
      const first: JobState = { id, kind: request.kind, state: 'running', share: 0, path };
      const job = startJob(threads, jobOf(databaseFile, request), (done, total) =>
        set({ ...first, share: Math.min(1, done / Math.max(1, total)) }),
      );
      running.set(id, job);
      set(first);
      void job.result.then((result) => {
        running.delete(id);
        if (result.ok) {
          const problems = request.kind === 'check' ? (result.value as CheckReport).problems : undefined;
          set({ ...first, state: 'done', share: 1, problems });
        } else {
          const state = result.error.code === 'cancelled' ? 'cancelled' : 'failed';
          set({ ...first, state, error: result.error });
        }
      });
      return first;
    },
    cancel(id) {
      running.get(id)?.cancel();
      return running.has(id);
    },
    list: () => [...states.values()],
    async cancelAll() {
      running.forEach((job) => job.cancel());
      await Promise.all([...running.values()].map(({ result }) => result));
    },
  };
}
