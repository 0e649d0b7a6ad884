// Writes or renders a report on a separate thread with its own database connection: it may read millions of samples, and
// sampling must not wait for it.
import fs from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { behindRecorder } from '../core/behind-recorder.node.ts';
import { replaceFile } from '../core/atomic-write.node.ts';
import { openForReading } from '../history/file/database.node.ts';
import { createAlertTable } from '../alerts/table.ts';
import { createHistory } from '../history/history.ts';
import { tariffOf } from '../workload/energy/tariff.ts';
import { loadPrices } from '../workload/prices/file.node.ts';
import { createSessionTable } from '../workload/sessions/table.ts';
import { createI18n } from '../core/i18n.ts';
import type { Units } from '../core/format.ts';
import { err, messageOf, ok, type Result } from '../core/result.ts';
import { reportHtml, type ReportLanguage } from './html.ts';
import { collectReport, type ReportContext, type ReportRequest } from './report.ts';

export type ReportJob = {
  readonly databaseFile: string;
  readonly request: ReportRequest;
  /** the file to write; without it the result is the HTML */
  readonly path?: string;
  readonly context: ReportContext;
  readonly language: Omit<ReportLanguage, 't' | 'settings'> & {
    readonly settings: Units & Parameters<typeof tariffOf>[0];
  };
};

const FLUSH_CHARACTERS = 1 << 20;

/** Writes pieces into a temporary file and renames it when it is complete. */
function writeFile(target: string, pieces: Iterable<string>): void {
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
  const file = fs.openSync(temporary, 'w');
  try {
    let pending = '';
    for (const piece of pieces) {
      pending += piece;
      if (pending.length < FLUSH_CHARACTERS) continue;
      fs.writeSync(file, pending);
      pending = '';
    }
    fs.writeSync(file, pending);
    fs.closeSync(file);
    replaceFile(temporary, target);
  } catch (thrown) {
    fs.rmSync(temporary, { force: true });
    throw thrown;
  }
}

function work({ databaseFile, request, path: target, context, language }: ReportJob): Result<string> {
  const db = openForReading(databaseFile);
  if (!db.ok) return db;
  const history = createHistory(db.value);
  const { t } = createI18n(language.locale);
  const tables = { sessions: createSessionTable(db.value), alerts: createAlertTable(db.value, history.idOf) };
  try {
    const report = collectReport({ history, ...tables }, request, context);
    if (!report) return err('not-found', t('report.noGpu'));
    const book = loadPrices(path.dirname(databaseFile));
    const settings = tariffOf(language.settings, book.ok ? book.value : undefined);
    const text = reportHtml(report, { ...language, settings, t });
    if (target === undefined) return ok(text);
    writeFile(target, [text]);
    return ok(target);
  } catch (thrown) {
    return err('write-failed', t('report.writeFailed', { cause: messageOf(thrown) }), t('report.writeFailedNext'));
  } finally {
    history.close();
  }
}

behindRecorder();
parentPort?.postMessage(work(workerData as ReportJob));
