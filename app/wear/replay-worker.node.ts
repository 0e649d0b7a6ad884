// Recomputes a card's whole history on a separate thread with its own database connection, so that sampling does not wait.
import { parentPort, workerData } from 'node:worker_threads';
import { behindRecorder } from '../core/behind-recorder.node.ts';
import { openForReading } from '../history/file/database.node.ts';
import { createHistory } from '../history/history.ts';
import { text } from '../core/i18n.ts';
import { err, messageOf, ok, type Result } from '../core/result.ts';
import { wearReadings } from './columns.ts';
import { replayCard, type ReplayedCard } from './replay-card.ts';

export type ReplayJob = { readonly databaseFile: string; readonly gpuId: number };
export type ReplayMessage = { readonly share: number } | { readonly done: Result<ReplayedCard> };

function work({ databaseFile, gpuId }: ReplayJob, report: (message: ReplayMessage) => void): Result<ReplayedCard> {
  const db = openForReading(databaseFile);
  if (!db.ok) return db;
  const history = createHistory(db.value);
  try {
    const { fromMs, toMs } = history.extent() ?? { fromMs: 0, toMs: 1 };
    let reported = 0;
    const replayed = replayCard(history.replayAll(gpuId, wearReadings), ({ tsMs }) => {
      const share = Math.max(0, Math.min(1, (tsMs[0]! - fromMs) / Math.max(1, toMs - fromMs)));
      if (share - reported < 0.01) return;
      reported = share;
      report({ share });
    });
    return ok(replayed);
  } catch (thrown) {
    return err('internal', text('wear.replayFailed', { cause: messageOf(thrown) }));
  } finally {
    history.close();
  }
}

behindRecorder();
const report = (message: ReplayMessage): void => parentPort?.postMessage(message);
report({ done: work(workerData as ReplayJob, report) });
