// Long work on a history, in a separate thread with its own connection: sampling must not wait for it.
import fs from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { behindRecorder } from '../core/behind-recorder.node.ts';
import { exportHistory } from '../exchange/export.node.ts';
import { importExport } from '../exchange/import.node.ts';
import { sessionExport } from '../exchange/session-columns.ts';
import { writeSessions } from '../exchange/sessions.node.ts';
import { DamagedChunk } from '../history/codec/blocks.ts';
import { openDatabase, openExisting, openForReading } from '../history/file/database.node.ts';
import { explain } from '../history/file/explain.ts';
import { type Db } from '../history/db.ts';
import { createHistory } from '../history/history.ts';
import { text } from '../core/i18n.ts';
import { err, ok, type Result } from '../core/result.ts';
import { backupHistory } from './backup.node.ts';
import { checkHistory } from './check.ts';
import { tariffOf } from '../workload/energy/tariff.ts';
import { loadPrices } from '../workload/prices/file.node.ts';
import { createSessionBook } from '../workload/sessions/book.ts';
import { newestWeek } from '../workload/sessions/idle-models.ts';
import { createProcessTable } from '../workload/sessions/processes.ts';
import { MOST_SESSIONS } from '../workload/sessions/table.ts';
import type { HistoryJob, JobAnswers, JobKind } from './job.ts';
import type { JobControl } from '../core/job-control.ts';
import { explainTarget, refuseTarget } from './target.node.ts';

export type WorkerJob = { readonly job: HistoryJob; readonly cancel: SharedArrayBuffer };
export type FromJobWorker =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | { readonly type: 'done'; readonly result: Result<JobAnswers[JobKind]> };

const PROGRESS_MS = 100;

/** Runs work on an opened file and closes it. */
async function using<T>(opened: Result<Db>, work: (db: Db) => Result<T> | Promise<Result<T>>): Promise<Result<T>> {
  if (!opened.ok) return opened;
  try {
    return await work(opened.value);
  } finally {
    opened.value.close();
  }
}

async function work(job: HistoryJob, control: JobControl): Promise<Result<JobAnswers[JobKind]>> {
  const { databaseFile } = job;
  switch (job.kind) {
    case 'export':
      return (
        refuseTarget('export', job.request.target, databaseFile) ??
        using(openForReading(databaseFile), (db) => exportHistory(createHistory(db), job.request, control))
      );
    case 'sessions':
      return (
        refuseTarget('export', job.request.target, databaseFile) ??
        using(openForReading(databaseFile), (db) => {
          const { target, format, prices } = job.request;
          const book = loadPrices(path.dirname(databaseFile));
          if (!book.ok) return book;
          const history = createHistory(db);
          const kept = createSessionBook(db, history, createProcessTable(db));
          const sessions = kept.sessions.newest(MOST_SESSIONS).reverse();
          const idle = kept.idleModels(...newestWeek(history.extent()));
          writeSessions(target, format, sessionExport(sessions, idle, tariffOf(prices, book.value), prices.currency));
          return ok(sessions.length);
        })
      );
    case 'import':
      return using(openExisting(databaseFile), (db) => importExport(createHistory(db), job.file, control, job));
    case 'check':
      return using(openForReading(databaseFile), (db) => {
        const report = checkHistory(db, control);
        return report ? ok(report) : err('cancelled', text('jobs.checkCancelled'));
      });
    case 'backup':
      return refuseTarget('backup', job.target, databaseFile) ?? backupHistory(databaseFile, job.target, control);
    case 'compact':
      return using(openExisting(databaseFile), (db) => {
        const before = fs.statSync(databaseFile).size;
        const history = createHistory(db);
        while (history.tidy(Date.now())) {
          if (control.cancelled()) return err('cancelled', text('jobs.compactCancelled'));
        }
        db.exec('VACUUM');
        db.pragma('wal_checkpoint(TRUNCATE)');
        return ok({ before, after: fs.statSync(databaseFile).size });
      });
    case 'upgrade': {
      const opened = openDatabase(databaseFile);
      if (!opened.ok) return opened;
      opened.value.db.close();
      return ok({ setAside: opened.value.setAside });
    }
  }
}

/** Explains an unexpected failure: the disk, or a damaged part of the history. */
function explainFailure(thrown: unknown): Result<never> {
  if (thrown instanceof DamagedChunk) {
    return err('database-unusable', thrown.message, text('historyFile.chunkDamagedNext'));
  }
  if (job.kind === 'backup') return explainTarget(job.target, thrown);
  const code = String((thrown as { code?: unknown }).code);
  if ((job.kind === 'export' || job.kind === 'sessions') && !code.startsWith('SQLITE_'))
    return explainTarget(job.request.target, thrown);
  return explain(job.databaseFile, thrown);
}

behindRecorder();

const { job, cancel } = workerData as WorkerJob;
const flag = new Int32Array(cancel);
const send = (message: FromJobWorker): void => parentPort?.postMessage(message);
let toldMs = 0;

void work(job, {
  progress(done, total) {
    const now = performance.now();
    if (now - toldMs < PROGRESS_MS) return;
    toldMs = now;
    send({ type: 'progress', done, total });
  },
  cancelled: () => Atomics.load(flag, 0) !== 0,
})
  .catch(explainFailure)
  .then((result) => send({ type: 'done', result }));
