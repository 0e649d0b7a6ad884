import { Option } from 'commander';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { ok, type Result } from '../../app/core/result.ts';
import type { Attached, AttachEvents } from '../../app/recorder/socket/attached.ts';
import type { Settings } from '../../app/settings/settings.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import type { Command } from '../command.ts';
import { listenForKeys } from '../keys.ts';
import { createMonitorScreen, type MonitorScreen } from '../monitor-screen.ts';
import { EXIT, secondsOption, settingsOf, type RecordingOptions } from '../options.ts';
import { openRecordFile } from '../record-file.ts';
import { attachToFolder, attachToSystem, nameOf, versionNote } from '../recorder-nearby.ts';
import { recordHere } from '../recording.ts';
import { recordingOptions } from '../shared-options.ts';
import { notes, out, printError } from '../terminal.ts';

export type MonitorOptions = RecordingOptions & {
  readonly record?: string;
  readonly for?: number;
  /** no table: only faults, alerts, recoveries and governor actions are printed */
  readonly quiet?: boolean;
};

/** What gives the ticks: a recorder in this process, or one in another. */
type Feed = {
  readonly finished: Promise<void>;
  /** Ends recording here, or the view of another's. An error says what was sampled and is not in the history. */
  readonly stop: () => Promise<Result<undefined>>;
};

type Listener = {
  readonly screen: MonitorScreen;
  readonly onTick: (tick: Tick) => void;
  readonly setSettings: (settings: () => Settings) => void;
};

/** Ctrl-C, q or --for then ends the view; the recorder continues. */
function feedOf(attached: Attached): Feed {
  const hello = attached.hello();
  notes.say(text('cli.attach.attached', { recorder: nameOf(hello), folder: hello.dataFolder }), ...versionNote(hello));
  return {
    finished: new Promise(() => undefined),
    async stop() {
      attached.close();
      return ok(undefined);
    },
  };
}

const attachEvents = ({ screen, onTick, setSettings }: Listener): AttachEvents => ({
  onTick,
  onAlerts: screen.alerts,
  onAction: screen.action,
  onNotice: printError,
  onSettings: (settings) => setSettings(() => settings),
  onLost: screen.lost,
});

async function openHere(options: MonitorOptions, { screen, onTick, setSettings }: Listener): Promise<Result<Feed>> {
  const opened = await recordHere('monitor', options, {
    onTick,
    onAlerts: screen.alerts,
    onAction: screen.action,
    onSessions: () => undefined,
    onNotice: printError,
  });
  if (!opened.ok) return opened;
  const { collector, settings } = opened.value;
  setSettings(settings);
  if (collector.setAside) notes.say(text('cli.history.setAside', { file: collector.setAside }));
  return ok({ finished: collector.finished, stop: collector.stop });
}

/** The machine's recorder, else one of our own, else the one that records into the folder already. */
async function openFeed(options: MonitorOptions, listener: Listener): Promise<Result<Feed>> {
  const system = await attachToSystem(options, attachEvents(listener));
  if (system.ok) return ok(feedOf(system.value));
  if (system.error.code === 'other-version') printError(system.error);
  const here = await openHere(options, listener);
  if (here.ok || here.error.code !== 'database-busy') return here;
  const beside = await attachToFolder(options, attachEvents(listener));
  if (beside.ok) return ok(feedOf(beside.value));
  return beside.error.code === 'not-found' ? here : beside;
}

/** Waits for Ctrl-C, `q`, the end of --for or of what is played. */
async function untilTheEnd(options: MonitorOptions, screen: MonitorScreen, finished: Promise<void>): Promise<void> {
  let restoreKeys = (): void => undefined;
  await new Promise<void>((resolve) => {
    const onKey = (key: string): void => {
      if (screen.key(key)) resolve();
    };
    if (out.isLive() && !options.quiet) restoreKeys = listenForKeys(process.stdin, onKey, resolve);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    if (options.for !== undefined) setTimeout(resolve, options.for * 1000);
    void finished.then(resolve);
  });
  restoreKeys();
}

/**
 * Shows a live table of what is recorded: by the machine's recorder, by the one of the data folder, or else by this
 * process. If the output is no terminal, it prints the table every ten seconds instead of redrawing it.
 */
async function showRecorder(options: MonitorOptions): Promise<number> {
  let settings = (): Settings => settingsOf(dataFolder(options.dataDir));
  const screen = createMonitorScreen(options.quiet === true, () => settings());
  const recording =
    options.record === undefined ? undefined : openRecordFile(options.record, options.source, printError);
  if (recording?.ok === false) {
    printError(recording.error);
    return EXIT.failed;
  }
  const feed = await openFeed(options, {
    screen,
    onTick(tick) {
      recording?.value.write(tick);
      screen.tick(tick);
    },
    setSettings: (next) => (settings = next),
  });
  if (!feed.ok) {
    printError(feed.error);
    return EXIT.failed;
  }
  await untilTheEnd(options, screen, feed.value.finished);
  const stopped = await feed.value.stop();
  screen.summary();
  if (!stopped.ok) printError(stopped.error);
  return recording?.value.close() === false || !stopped.ok ? EXIT.failed : EXIT.ok;
}

/** `slowburn monitor`: the recorder without a window. */
export const monitor = {
  description: () => text('cli.monitor.description'),
  options: () => [
    ...recordingOptions(),
    new Option('--record <file>', text('cli.monitor.record')),
    new Option('--for <seconds>', text('cli.monitor.for')).argParser(secondsOption),
    new Option('--quiet', text('cli.monitor.quiet')),
  ],
  run: showRecorder,
} satisfies Command;
