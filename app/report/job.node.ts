import { Worker } from 'node:worker_threads';
import { err, messageOf, type Result } from '../core/result.ts';
import type { ReportJob } from './worker.node.ts';

const cancelled = err('cancelled', 'A newer report took the place of this one.');

/**
 * Runs one report job in a worker. Resolves to the path written, or to the HTML when no path was given, and to an error
 * once the worker has gone when `signal` cancels it.
 */
export const runReportJob = (workerUrl: URL, job: ReportJob, signal?: AbortSignal): Promise<Result<string>> =>
  new Promise((resolve) => {
    const worker = new Worker(workerUrl, { workerData: job });
    signal?.addEventListener('abort', () => void worker.terminate(), { once: true });
    let answer: Result<string> | undefined;
    worker.on('message', (result: Result<string>) => (answer = result));
    worker.on('error', (thrown) => (answer = err('internal', `The report failed: ${messageOf(thrown)}`)));
    worker.on('exit', () => {
      const none = signal?.aborted ? cancelled : err('internal', 'The report ended without an answer.');
      resolve(answer ?? none); // only now is its memory free
    });
  });
