import { Worker } from 'node:worker_threads';
import type { ReplayedCard } from './replay-card.ts';
import type { ReplayJob, ReplayMessage } from './replay-worker.node.ts';

/**
 * Replays a card's history in a worker. Resolves to undefined when the worker fails or is stopped by `signal`: the caller
 * then decides whether to run it itself.
 */
export const runReplayJob = (
  workerUrl: URL,
  job: ReplayJob,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<ReplayedCard | undefined> =>
  new Promise((resolve) => {
    const worker = new Worker(workerUrl, { workerData: job });
    worker.on('message', (message: ReplayMessage) => {
      if ('share' in message) onProgress(message.share);
      else resolve(message.done.ok ? message.done.value : undefined);
    });
    worker.on('error', () => resolve(undefined));
    worker.on('exit', () => resolve(undefined));
    signal.addEventListener('abort', () => void worker.terminate(), { once: true });
  });
