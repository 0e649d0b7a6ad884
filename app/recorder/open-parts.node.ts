import { systemClock } from '../core/clock.node.ts';
import { historyFile } from '../core/folders.node.ts';
import { openLog } from '../core/log.node.ts';
import type { Origin } from '../core/origin.ts';
import { diedRecorder } from '../core/recorder-note.node.ts';
import { ok, type Result } from '../core/result.ts';
import type { OpenedDatabase } from '../history/file/database.node.ts';
import type { TelemetrySource } from '../telemetry/source.ts';
import { sourceKindOf } from '../telemetry/source-kinds.ts';
import type { CollectorConfig } from './collector-messages.ts';
import { lockFolder, type FolderLock } from './folder-lock.node.ts';
import { logLastWords } from './last-words.node.ts';
import { openMachineSource } from './machine-source.node.ts';
import { openHistory, removeReplayHistory } from './open-history.node.ts';
import { scopeOfThis } from './socket/places.node.ts';

/** What a recorder needs before it records. */
export type Parts = {
  readonly lock: FolderLock;
  readonly log: ReturnType<typeof openLog>;
  /** gives back the folder */
  readonly release: () => void;
  readonly source: TelemetrySource;
  readonly scope: ReturnType<typeof scopeOfThis>;
  readonly origin: Origin;
  readonly databaseFile: string;
  readonly opened: OpenedDatabase;
};

/** Opens the folder's lock and log, the source and the history's file. An error leaves nothing open, and is in the log. */
export async function openParts(config: CollectorConfig, threads: URL): Promise<Result<Parts>> {
  const lock = lockFolder(config.dataFolder);
  if (!lock.ok) return lock;
  const log = openLog(config.dataFolder, 'recorder'); // the lock makes this process its only writer
  const died = diedRecorder(config.dataFolder);
  if (died !== undefined)
    log.write(`The recorder before this one (process ${died}) crashed, was killed, or lost power.`);
  const forgetWords = logLastWords(log);
  const release = (): void => {
    forgetWords();
    lock.value.release();
  };

  const { startedBy, settings, speed } = config;
  const scope = scopeOfThis(startedBy);
  const source = await openMachineSource(
    config.source,
    { clock: systemClock, settings, speed, nvmlWorkerUrl: new URL('nvml-worker.js', threads) },
    { scope, startedBy, log: log.write },
  );
  if (!source.ok) {
    log.write(`Could not start: ${source.error.message}`);
    release();
    return source;
  }
  const { origin } = sourceKindOf(source.value.info().kind);
  const databaseFile = historyFile(config.dataFolder, origin);
  if (origin === 'replayed') removeReplayHistory(databaseFile);
  const opened = await openHistory(databaseFile, threads);
  if (!opened.ok) {
    log.write(`Could not start: ${opened.error.message}`);
    await source.value.close();
    release();
    return opened;
  }
  return ok({
    lock: lock.value,
    log,
    release,
    source: source.value,
    scope,
    origin,
    databaseFile,
    opened: opened.value,
  });
}
