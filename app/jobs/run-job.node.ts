import { Worker } from 'node:worker_threads';
import { err, messageOf, type Result } from '../result.ts';
import type { HistoryJob, JobAnswers } from './job.ts';
import type { FromJobWorker, WorkerJob } from './worker.node.ts';

export type RunningJob<T> = { readonly result: Promise<Result<T>>; readonly cancel: () => void };

/**
 * Begins a long job in a thread. It can be cancelled at any time and then leaves nothing half done.
 * @param threads the folder of the built thread scripts, ending in a slash
 */
export function startJob<J extends HistoryJob>(
  threads: URL,
  job: J,
  onProgress: (done: number, total: number) => void = () => undefined,
): RunningJob<JobAnswers[J['kind']]> {
  const cancel = new SharedArrayBuffer(4);
  const result = new Promise<Result<JobAnswers[J['kind']]>>((resolve) => {
    const worker = new Worker(new URL('job-worker.js', threads), { workerData: { job, cancel } satisfies WorkerJob });
    worker.on('message', (message: FromJobWorker) => {
      if (message.type === 'progress') onProgress(message.done, message.total);
      else resolve(message.result as Result<JobAnswers[J['kind']]>);
    });
    worker.on('error', (thrown) => resolve(err('internal', `The ${job.kind} failed: ${messageOf(thrown)}`)));
    worker.on('exit', () => resolve(err('internal', `The ${job.kind} ended without an answer.`)));
  });
  return { result, cancel: () => void Atomics.store(new Int32Array(cancel), 0, 1) };
}
