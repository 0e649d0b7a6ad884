// Runs a card's whole history through the model again, on a thread and a database connection of its own: sampling does not
// wait for it.
import { parentPort, workerData } from 'node:worker_threads';
import { behindRecorder } from '../core/behind-recorder.node.ts';
import { openForReading } from '../history/file/database.node.ts';
import { createHistory } from '../history/history.ts';
import { messageOf, type Result } from '../core/result.ts';
import { wearReadings } from './columns.ts';
import { replayCard, type ReplayedCard } from './replay-card.ts';

export type ReplayJob = { readonly databaseFile: string; readonly gpuId: number };
export type ReplayMessage = { readonly share: number } | { readonly done: Result<ReplayedCard> };

function work({ databaseFile, gpuId }: ReplayJob, tell: (message: ReplayMessage) => void): Result<ReplayedCard> {
  const db = openForReading(databaseFile);
  if (!db.ok) return db;
  const history = createHistory(db.value);
  try {
    const { fromMs, toMs } = history.extent() ?? { fromMs: 0, toMs: 1 };
    let told = 0;
    const replayed = replayCard(history.replayAll(gpuId, wearReadings), ({ tsMs }) => {
      const share = Math.max(0, Math.min(1, (tsMs[0]! - fromMs) / Math.max(1, toMs - fromMs)));
      if (share - told < 0.01) return;
      told = share;
      tell({ share });
    });
    return { ok: true, value: replayed };
  } catch (thrown) {
    return { ok: false, error: { code: 'internal', message: `The replay failed: ${messageOf(thrown)}` } };
  } finally {
    history.close();
  }
}

behindRecorder();
const tell = (message: ReplayMessage): void => parentPort?.postMessage(message);
tell({ done: work(workerData as ReplayJob, tell) });
