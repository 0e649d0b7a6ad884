import { text } from '../core/i18n.ts';
import { err, ok, type Err, type Result } from '../core/result.ts';
import type { CheckReport } from './check.ts';
import type { HistoryJob } from './job.ts';
import type { JobRequest, Jobs, JobState } from './jobs.ts';
import { jobLimits } from './limits.ts';
import { startJob, type RunningJob } from './run-job.node.ts';

const KEPT = 8; // ended jobs that a page may still ask for

const jobOf = (databaseFile: string, request: JobRequest): HistoryJob => {
  switch (request.kind) {
    case 'export':
      return { kind: 'export', databaseFile, request };
    case 'sessions':
      return { kind: 'sessions', databaseFile, request };
    case 'backup':
      return { kind: 'backup', databaseFile, target: request.target };
    case 'check':
      return { kind: 'check', databaseFile };
  }
};

/** Why a job is refused: one of its kind is running, and as many as may wait are waiting. */
function busy(kind: JobRequest['kind']): Err {
  const count = jobLimits[kind].waiting;
  const values = { kind: text(`jobs.kind.${kind}`), count };
  const message = count > 0 ? text('jobs.busyQueue', values) : text('jobs.busy', values);
  return err('busy', message, text('jobs.busyNext'));
}

type Waiting = { readonly first: JobState; readonly request: JobRequest };

/**
 * Long jobs on the history that is being recorded, each in its own thread. A few of each kind run at once, a few more
 * wait, and any other is refused: a thread costs memory that recording needs.
 */
export function createJobs(threads: URL, databaseFile: string, onChange: (state: JobState) => void): Jobs {
  const states = new Map<number, JobState>();
  const running = new Map<number, RunningJob<unknown> & { readonly kind: JobRequest['kind'] }>();
  let waiting: readonly Waiting[] = [];
  let nextId = 1;

  function set(state: JobState): void {
    states.set(state.id, state);
    for (const { id, state: now } of states.values()) {
      if (states.size > KEPT && now !== 'running' && now !== 'waiting') states.delete(id);
    }
    onChange(state);
  }

  const isFree = (kind: JobRequest['kind']): boolean =>
    [...running.values()].filter((job) => job.kind === kind).length < jobLimits[kind].running;

  function ended(first: JobState, result: Result<unknown>): void {
    running.delete(first.id);
    if (result.ok) {
      const problems = first.kind === 'check' ? (result.value as CheckReport).problems : undefined;
      set({ ...first, state: 'done', share: 1, problems });
    } else {
      const state = result.error.code === 'cancelled' ? 'cancelled' : 'failed';
      set({ ...first, state, error: result.error });
    }
    const next = waiting.find(({ request }) => isFree(request.kind));
    if (!next) return;
    waiting = waiting.filter((one) => one !== next);
    start(next);
  }

  function start({ first: { id, path }, request }: Waiting): JobState {
    const first: JobState = { id, kind: request.kind, state: 'running', share: 0, path };
    const job = startJob(threads, jobOf(databaseFile, request), (done, total) =>
      set({ ...first, share: Math.min(1, done / Math.max(1, total)) }),
    );
    running.set(id, { ...job, kind: request.kind });
    set(first);
    void job.result.then((result) => ended(first, result));
    return first;
  }

  return {
    begin(request) {
      const { kind } = request;
      const path = 'target' in request ? request.target : undefined;
      const first: JobState = { id: nextId, kind, state: 'waiting', share: 0, path };
      if (!isFree(kind) && waiting.filter((one) => one.request.kind === kind).length >= jobLimits[kind].waiting) {
        return busy(kind);
      }
      nextId++;
      if (isFree(kind)) return ok(start({ first, request }));
      waiting = [...waiting, { first, request }];
      set(first);
      return ok(first);
    },
    cancel(id) {
      const queued = waiting.find(({ first }) => first.id === id);
      if (queued) {
        waiting = waiting.filter((one) => one !== queued);
        set({ ...queued.first, state: 'cancelled' });
        return true;
      }
      running.get(id)?.cancel();
      return running.has(id);
    },
    list: () => [...states.values()],
    async cancelAll() {
      waiting = [];
      running.forEach((job) => job.cancel());
      await Promise.all([...running.values()].map(({ result }) => result));
    },
  };
}
