// Runs a card's whole history through the model again, on a thread and a database connection of its own: sampling does not
// wait for it.
import { parentPort, workerData } from 'node:worker_threads';
import { openForReading } from '../history/database.node.ts';
import { createStore } from '../history/store.ts';
import { messageOf, type Result } from '../result.ts';
import { replayCard, type ReplayedCard } from './replay-card.ts';

export type ReplayJob = { readonly databaseFile: string; readonly gpuId: number };
export type ReplayMessage = { readonly share: number } | { readonly done: Result<ReplayedCard> };

/** Samples between two words about the progress. */
const TELL_EVERY = 20_000;

function work({ databaseFile, gpuId }: ReplayJob, tell: (message: ReplayMessage) => void): Result<ReplayedCard> {
  const db = openForReading(databaseFile);
  if (!db.ok) return db;
  const store = createStore(db.value);
  try {
    const { fromMs, toMs } = store.extent() ?? { fromMs: 0, toMs: 1 };
    let count = 0;
    const replayed = replayCard(store.samplesInTime(gpuId), ({ tsMs }) => {
      if (++count % TELL_EVERY === 0) {
        tell({ share: Math.max(0, Math.min(1, (tsMs - fromMs) / Math.max(1, toMs - fromMs))) });
      }
    });
    return { ok: true, value: replayed };
  } catch (thrown) {
    return { ok: false, error: { code: 'internal', message: `The replay failed: ${messageOf(thrown)}` } };
  } finally {
    store.close();
  }
}

const tell = (message: ReplayMessage): void => parentPort?.postMessage(message);
tell({ done: work(workerData as ReplayJob, tell) });
