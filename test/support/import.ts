import path from 'node:path';
import { openDatabase } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { importLog, type ImportedLog } from '../../cli/import-log.ts';
import type { Result } from '../../app/core/result.ts';
import { historyFile } from '../../app/core/folders.node.ts';
import { openLog, surveyLog } from '../../app/telemetry/logs/file.node.ts';

export const logFixture = (name: string): string => path.resolve(import.meta.dirname, '../fixtures/logs', name);

/** Moment from which the fixtures lie in the past. */
export const AFTER_FIXTURES_MS = Date.UTC(2026, 6, 1);

/** Imports one file as the command does, stamps at UTC. */
export async function importFile(folder: string, file: string, gpuName?: string): Promise<Result<ImportedLog>> {
  const database = openDatabase(historyFile(folder, 'measured'));
  if (!database.ok) return database;
  const store = createStore(database.value.db);
  try {
    const log = await openLog(file);
    if (!log.ok) return log;
    const { signal } = new AbortController();
    const onProgress = () => undefined;
    const survey = await surveyLog(log.value, AFTER_FIXTURES_MS, onProgress, signal);
    if (!survey.ok) return survey;
    return await importLog(store, {
      log: log.value,
      order: survey.value.dates.orders()[0]!,
      lastLines: survey.value.lastLines,
      utcOffsetMs: 0,
      gpuName,
      nowMs: AFTER_FIXTURES_MS,
      onProgress,
      signal,
    });
  } finally {
    store.close();
  }
}
