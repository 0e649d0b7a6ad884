import { openCollector, type Collector } from '../collector.node.ts';
import { readRecorder } from '../history/recorder.node.ts';
import { ok, type Result } from '../result.ts';
import { printError } from './monitor.ts';
import { collectorConfig, threads, type RecordingOptions } from './options.ts';

export type Recording = { readonly databaseFile: string; readonly collector: Collector | undefined };

/** Uses the Slowburn that is recording already, or records for as long as the command runs. */
export async function startRecording(options: RecordingOptions): Promise<Result<Recording>> {
  const config = collectorConfig(options);
  const opened = await openCollector(
    config,
    { onTick: () => undefined, onAlerts: () => undefined, onSessions: () => undefined, onNotice: printError },
    threads,
  );
  if (opened.ok) return ok({ databaseFile: opened.value.databaseFile, collector: opened.value });
  if (opened.error.code !== 'database-busy') return opened;
  const running = readRecorder(config.dataFolder);
  return running ? ok({ databaseFile: running.databaseFile, collector: undefined }) : opened;
}

/** Ends recording, where it was ours. False: not all of it is on the disk, which is printed. */
export async function endRecording({ collector }: Recording): Promise<boolean> {
  const stopped = await collector?.stop();
  if (stopped?.ok !== false) return true;
  printError(stopped.error);
  return false;
}
