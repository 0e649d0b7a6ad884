import type { Worker } from 'node:worker_threads';
import type { Log } from '../core/log.node.ts';

/**
 * Logs why this process or one of its threads dies. Nothing is caught: an unexpected error still ends the process,
 * and its supervisor restarts it.
 * @returns stops logging
 */
export function logLastWords(log: Log): () => void {
  const onFault = (thrown: unknown, origin: string): void => log.fault(`The recorder ends by an ${origin}`, thrown);
  const onWorker = (thread: Worker): void => {
    const { threadId } = thread;
    thread.on('error', (thrown) => log.fault(`Thread ${threadId} failed`, thrown));
    thread.on('exit', (code) => code !== 0 && log.write(`Thread ${threadId} ended with code ${code}.`));
  };
  process.on('uncaughtExceptionMonitor', onFault);
  process.on('worker', onWorker);
  return () => {
    process.off('uncaughtExceptionMonitor', onFault);
    process.off('worker', onWorker);
  };
}
