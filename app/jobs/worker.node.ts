// Long work on a history, on a thread and a connection of its own: sampling must not wait for it.
import fs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { behindRecorder } from '../behind-recorder.node.ts';
import { exportHistory } from '../exchange/export.node.ts';
import { importExport } from '../exchange/import.node.ts';
import { explain, openDatabase, openForReading, type Db } from '../history/database.node.ts';
import { createStore } from '../history/store.ts';
import { err, messageOf, ok, type Result } from '../result.ts';
import { backupHistory } from './backup.node.ts';
import { checkHistory } from './check.ts';
import type { HistoryJob, JobAnswers, JobControl, JobKind } from './job.ts';

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

const writable = (file: string): Result<Db> => {
  const opened = openDatabase(file);
  return opened.ok ? ok(opened.value.db) : opened;
};

async function work(job: HistoryJob, control: JobControl): Promise<Result<JobAnswers[JobKind]>> {
  const { databaseFile } = job;
  switch (job.kind) {
    case 'export':
      return using(openForReading(databaseFile), (db) => exportHistory(createStore(db), job.request, control));
    case 'import':
      return using(writable(databaseFile), (db) => importExport(createStore(db), job.file, control));
    case 'check':
      return using(openForReading(databaseFile), (db) => {
        const report = checkHistory(db, control);
        return report ? ok(report) : err('cancelled', 'The check was cancelled.');
      });
    case 'backup':
      return backupHistory(databaseFile, job.target, control);
    case 'compact':
      return using(writable(databaseFile), (db) => {
        const before = fs.statSync(databaseFile).size;
        const store = createStore(db);
        while (store.tidy(Date.now())) control.progress(0, 1);
        db.exec('VACUUM');
        db.pragma('wal_checkpoint(TRUNCATE)');
        return ok({ before, after: fs.statSync(databaseFile).size });
      });
    case 'upgrade':
      return using(writable(databaseFile), () => ok(null));
  }
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
  .catch((thrown: unknown): Result<never> => {
    const code = (thrown as { code?: unknown }).code;
    if (typeof code === 'string' && code.startsWith('SQLITE_')) return explain(job.databaseFile, thrown);
    return err('write-failed', `The ${job.kind} failed: ${messageOf(thrown)}`, 'Check the place and the free room.');
  })
  .then((result) => send({ type: 'done', result }));
