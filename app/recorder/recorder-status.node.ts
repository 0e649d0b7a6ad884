import fs from 'node:fs';
import type { StoredAlert } from '../alerts/schema.ts';
import { readRecorder, type Recorder } from '../core/recorder-note.node.ts';
import { err, ok, type Result } from '../core/result.ts';
import { openForReading } from '../history/file/database.node.ts';
import { createStore } from './store.ts';

/**
 * recording: samples are being stored. faulty: a recorder runs, but stores nothing or its source does not answer.
 * silent: it has not written its note for three minutes. stopped: no process records into this folder.
 */
export type RecorderState = 'recording' | 'faulty' | 'silent' | 'stopped';

export type RecorderStatus = {
  readonly folder: string;
  readonly state: RecorderState;
  /** undefined while nothing records */
  readonly recorder: Recorder | undefined;
  /** alerts that fire now, as the history has them; an error if the history could not be read */
  readonly firing: Result<readonly StoredAlert[]>;
  /** size of the history that is recorded to, with its write-ahead log, bytes; undefined while nothing records */
  readonly historyBytes: number | undefined;
};

/** The note is written every minute (duties.node.ts). */
const SILENT_MS = 3 * 60_000;

export function stateOf(recorder: Recorder | undefined, nowMs: number): RecorderState {
  if (!recorder) return 'stopped';
  if (recorder.notedMs !== undefined && nowMs - recorder.notedMs >= SILENT_MS) return 'silent';
  return recorder.fault ? 'faulty' : 'recording';
}

const sizeOf = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;

function firingIn(file: string): RecorderStatus['firing'] {
  const opened = openForReading(file);
  if (!opened.ok) return err(opened.error.code, opened.error.message, opened.error.next);
  try {
    return ok(createStore(opened.value).alerts.open());
  } finally {
    opened.value.close();
  }
}

/** What is recorded into a data folder now, by whatever process. */
export function recorderStatus(folder: string, nowMs: number): RecorderStatus {
  const recorder = readRecorder(folder);
  if (!recorder) return { folder, state: 'stopped', recorder, firing: ok([]), historyBytes: undefined };
  const file = recorder.databaseFile;
  return {
    folder,
    state: stateOf(recorder, nowMs),
    recorder,
    firing: firingIn(file),
    historyBytes: sizeOf(file) + sizeOf(`${file}-wal`),
  };
}
