import { Worker } from 'node:worker_threads';
import { text } from '../core/i18n.ts';
import { err, messageOf, type Result } from '../core/result.ts';
import type { ReportJob } from './worker.node.ts';

/**
 * Runs one report job in a worker. Resolves to the path written, or to the HTML if no path was given. If `signal` cancels
 * it, resolves to an error once the worker has exited.
 */
export const runReportJob = (workerUrl: URL, job: ReportJob, signal?: AbortSignal): Promise<Result<string>> =>
  new Promise((resolve) => {
    const worker = new Worker(workerUrl, { workerData: job });
    signal?.addEventListener('abort', () => void worker.terminate(), { once: true });
    let answer: Result<string> | undefined;
    worker.on('message', (result: Result<string>) => (answer = result));
    worker.on(
      'error',
      (thrown) => (answer = err('internal', text('report.workerFailed', { cause: messageOf(thrown) }))),
    );
    worker.on('exit', () => {
      const none = signal?.aborted
        ? err('cancelled', text('report.superseded'))
        : err('internal', text('report.noAnswer'));
      resolve(answer ?? none); // only now is its memory free
    });
  });
