// A thread that does nothing but wake on a grid: what it misses, the machine took and no program could have kept.
import { Worker } from 'node:worker_threads';

/** Moments of a grid that passed between two that were kept. Times are ms since 1970. */
export type Miss = { readonly fromMs: number; readonly toMs: number; readonly ticks: number };

const script = `
  const { parentPort, workerData: { intervalMs, stop } } = require('node:worker_threads');
  const misses = [];
  const startMs = performance.now();
  let kept = 0; // number of the last moment that was kept
  while (Atomics.load(stop, 0) === 0) {
    const dueMs = startMs + (kept + 1) * intervalMs;
    const leftMs = dueMs - performance.now();
    if (leftMs > 0) Atomics.wait(stop, 0, 0, leftMs);
    const now = Math.floor((performance.now() - startMs) / intervalMs);
    if (now > kept + 1) {
      const toMs = Date.now();
      misses.push({ fromMs: toMs - (now - kept) * intervalMs, toMs, ticks: now - kept - 1 });
    }
    kept = Math.max(now, kept + 1);
  }
  parentPort.postMessage(misses);
`;

/** Starts the thread. `stop` resolves to what it missed. */
export function watchTimer(intervalMs: number): { readonly stop: () => Promise<readonly Miss[]> } {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(script, { eval: true, workerData: { intervalMs, stop } });
  const misses = new Promise<readonly Miss[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return {
    stop() {
      Atomics.store(stop, 0, 1);
      Atomics.notify(stop, 0);
      return misses;
    },
  };
}

/** The misses of a recorder that a bare timer of the same interval did not have. */
export function timerKept(misses: readonly Miss[], timer: readonly Miss[], intervalMs: number): readonly Miss[] {
  const nearMs = 2 * intervalMs; // one grid is not in step with the other
  const together = (a: Miss, b: Miss): boolean => a.fromMs - nearMs < b.toMs && b.fromMs - nearMs < a.toMs;
  return misses.filter((miss) => !timer.some((other) => together(miss, other)));
}
