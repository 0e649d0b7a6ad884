import { openCollector } from '../app/recorder/collector.node.ts';
import type { Collector, CollectorEvents } from '../app/recorder/collector.ts';
import { text } from '../app/core/i18n.ts';
import type { RecorderKind } from '../app/core/recorder-kinds.ts';
import { readRecorder } from '../app/core/recorder-note.node.ts';
import { err, ok, type Result } from '../app/core/result.ts';
import { dataFolder, historyFile } from '../app/core/folders.node.ts';
import { attach } from '../app/recorder/socket/attach.node.ts';
import type { Attached } from '../app/recorder/socket/attached.ts';
import { folderPlaces } from '../app/recorder/socket/places.node.ts';
import { openSettings } from '../app/settings/owner.node.ts';
import { pendingTexts, settingsNotices } from '../app/settings/report-words.ts';
import type { Settings } from '../app/settings/settings.ts';
import { formatterOf } from './format.ts';
import { threads, type RecordingOptions } from './options.ts';
import { notes, printError } from './terminal.ts';

/** Prints notices about the settings to standard error. */
export function printNotices(notices: ReturnType<typeof settingsNotices>): void {
  for (const { title, lines, next } of notices)
    notes.say(title, ...lines.map((line) => `  ${line}`), ...(next ? [`  ${next}`] : []));
}

export type RecordingHere = { readonly collector: Collector; readonly settings: () => Settings };

/**
 * Records in this process with the settings of the data folder. A change of the settings file applies immediately; its
 * errors and pending limits are printed when they change. An interval from the command line has priority.
 */
export async function recordHere(
  startedBy: RecorderKind,
  options: RecordingOptions,
  events: CollectorEvents,
): Promise<Result<RecordingHere>> {
  const { source, speed, interval } = options;
  const folder = dataFolder(options.dataDir);
  const here: { collector?: Collector } = {};
  let printed = '';
  const owner = openSettings(folder, () => {
    here.collector?.applySettings(settings(), owner.report().suspended);
    report();
  });
  const settings = (): Settings =>
    interval === undefined ? owner.settings() : { ...owner.settings(), intervalMs: interval };
  function report(): void {
    const notices = settingsNotices(owner.report(), text);
    if (here.collector) {
      const format = formatterOf(owner.settings());
      notices.push(...pendingTexts(here.collector.limits(), text, format).map((title) => ({ title, lines: [] })));
    }
    const current = JSON.stringify(notices);
    if (current !== printed && notices.length > 0) printNotices(notices);
    printed = current;
  }

  const { suspended } = owner.report();
  const config = { source, speed, dataFolder: folder, settings: settings(), suspended, restarted: false, startedBy };
  const opened = await openCollector(config, events, threads);
  if (!opened.ok) {
    owner.close();
    return opened;
  }
  here.collector = opened.value;
  here.collector.applySettings(settings(), owner.report().suspended); // they may have changed while it was opened
  report();
  const stop: Collector['stop'] = () => {
    owner.close();
    return opened.value.stop();
  };
  return ok({ collector: { ...opened.value, stop }, settings });
}

export type Recording = {
  readonly databaseFile: string;
  /** undefined: another process records */
  readonly collector: Collector | undefined;
  /** the connection to that process, if it has one */
  readonly attached?: Attached;
  /** Has a sample taken beside the interval, if the source can. */
  readonly sampleNow: () => void;
};

/** Uses a Slowburn that is already recording, or records while the command runs. */
export async function startRecording(options: RecordingOptions): Promise<Result<Recording>> {
  const events = {
    onTick: () => undefined,
    onAlerts: () => undefined,
    onSessions: () => undefined,
    onNotice: printError,
  };
  const opened = await recordHere('command', options, events);
  if (opened.ok) {
    const { collector } = opened.value;
    return ok({ databaseFile: collector.databaseFile, collector, sampleNow: collector.sampleNow });
  }
  if (opened.error.code !== 'database-busy') return opened;
  const folder = dataFolder(options.dataDir);
  const running = readRecorder(folder);
  if (!running) return opened;
  const attached = await attach({ find: () => folderPlaces(folder), events: {}, follow: false });
  if (!attached.ok && attached.error.code === 'other-version') printError(attached.error);
  return ok({
    databaseFile: running.databaseFile,
    collector: undefined,
    ...(attached.ok && { attached: attached.value }),
    // without a connection, the next sample is that of the recorder's next tick
    sampleNow: () => void (attached.ok && attached.value.ask('sample.take', undefined)),
  });
}

/**
 * The same for a command that is measured while it runs. Samples that are played have stamps of another time, so no
 * moment of the command is among them.
 */
export async function startLive(options: RecordingOptions): Promise<Result<Recording>> {
  if (options.source.kind === 'replay')
    return err('invalid-argument', text('cli.run.replay'), text('cli.run.replayNext'));
  const recording = await startRecording(options);
  const folder = dataFolder(options.dataDir);
  if (!recording.ok || recording.value.databaseFile !== historyFile(folder, 'replayed')) return recording;
  recording.value.attached?.close();
  return err('invalid-argument', text('cli.run.replayBeside'), text('cli.run.replayBesideNext'));
}

/**
 * Ends recording if this process records.
 * @returns false if not everything was written, which is printed
 */
export async function endRecording({ collector, attached }: Recording): Promise<boolean> {
  attached?.close();
  const stopped = await collector?.stop();
  if (stopped?.ok !== false) return true;
  printError(stopped.error);
  return false;
}
