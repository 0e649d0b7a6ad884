import { openCollector, type Collector } from '../collector.node.ts';
import { readRecorder } from '../history/recorder.node.ts';
import { ok, type Result } from '../result.ts';
import { collectorConfig, threads, type RecordingOptions } from './options.ts';

export type Recording = { readonly databaseFile: string; readonly collector: Collector | undefined };

/** Uses the Slowburn that is recording already, or records for as long as the command runs. */
export async function startRecording(options: RecordingOptions): Promise<Result<Recording>> {
  const config = collectorConfig(options);
  const opened = await openCollector(
    config,
    { onTick: () => undefined, onAlerts: () => undefined, onSessions: () => undefined },
    threads,
  );
  if (opened.ok) return ok({ databaseFile: opened.value.databaseFile, collector: opened.value });
  if (opened.error.code !== 'database-busy') return opened;
  const running = readRecorder(config.dataFolder);
  return running ? ok({ databaseFile: running.databaseFile, collector: undefined }) : opened;
}
