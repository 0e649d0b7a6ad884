import { Worker } from 'node:worker_threads';
import { err, messageOf, type Result } from '../result.ts';
import type { ReportJob } from './worker.node.ts';

/** Runs one report job in a worker. Resolves to the path written, or to the HTML when no path was given. */
export const runReportJob = (workerUrl: URL, job: ReportJob): Promise<Result<string>> =>
  new Promise((resolve) => {
    const worker = new Worker(workerUrl, { workerData: job });
    worker.on('message', (result: Result<string>) => resolve(result));
    worker.on('error', (thrown) => resolve(err('internal', `The report failed: ${messageOf(thrown)}`)));
    worker.on('exit', () => resolve(err('internal', 'The report ended without an answer.')));
  });
