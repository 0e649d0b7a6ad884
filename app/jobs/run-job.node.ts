import { Worker } from 'node:worker_threads';
import { text } from '../core/i18n.ts';
import { err, messageOf, type Result } from '../core/result.ts';
import type { HistoryJob, JobAnswers } from './job.ts';
import type { FromJobWorker, WorkerJob } from './worker.node.ts';

export type RunningJob<T> = { readonly result: Promise<Result<T>>; readonly cancel: () => void };

/** A job needs far less: it holds an hour of samples or a row group at a time. Above this, only its thread ends. */
const HEAP_MIB = 1024;
const CANCEL_MS = 5000;

/**
 * Starts a long job in a thread. A cancelled job leaves nothing unfinished.
 * @param threads the folder of the built thread scripts, ending in a slash
 */
export function startJob<J extends HistoryJob>(
  threads: URL,
  job: J,
  onProgress: (done: number, total: number) => void = () => undefined,
): RunningJob<JobAnswers[J['kind']]> {
  const cancel = new SharedArrayBuffer(4);
  let end = (): void => undefined;
  const result = new Promise<Result<JobAnswers[J['kind']]>>((resolve) => {
    const worker = new Worker(new URL('job-worker.js', threads), {
      workerData: { job, cancel } satisfies WorkerJob,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    end = () => {
      // a crafted file can keep a decoder busy; each hour that an import has written is complete, so its thread may end
      if (job.kind !== 'import') return;
      const ending = setTimeout(() => {
        resolve(err('cancelled', text('exchange.importCancelled')));
        void worker.terminate();
      }, CANCEL_MS);
      worker.once('exit', () => clearTimeout(ending));
    };
    worker.on('message', (message: FromJobWorker) => {
      if (message.type === 'progress') onProgress(message.done, message.total);
      else resolve(message.result as Result<JobAnswers[J['kind']]>);
    });
    worker.on('error', (thrown) =>
      resolve(err('internal', text('jobs.failed', { kind: job.kind, why: messageOf(thrown) }))),
    );
    worker.on('exit', () => resolve(err('internal', text('jobs.noAnswer', { kind: job.kind }))));
  });
  return {
    result,
    cancel() {
      Atomics.store(new Int32Array(cancel), 0, 1);
      end();
    },
  };
}
