import type { StoredAlert } from '../../app/alerts/schema.ts';
import { alertAdvice, alertSubject, alertTitle } from '../../app/alerts/text.ts';
import { Option } from 'commander';
import { text } from '../../app/core/i18n.ts';
import { entryText } from '../../app/governor/entry-text.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import { sourceKindOf } from '../../app/telemetry/source-kinds.ts';
import { dataFolder } from '../../app/core/folders.node.ts';
import type { Settings } from '../../app/settings/settings.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { EXIT, secondsOption, settingsOf, type RecordingOptions } from '../options.ts';
import { listenForKeys } from '../keys.ts';
import { createMonitorView } from '../monitor-view.ts';
import { openRecordFile } from '../record-file.ts';
import { recordHere } from '../recording.ts';
import { recordingOptions } from '../shared-options.ts';
import { notes, out, printError } from '../terminal.ts';

export type MonitorOptions = RecordingOptions & {
  readonly record?: string;
  readonly for?: number;
  /** no table: only faults, alerts, recoveries and governor actions are printed */
  readonly quiet?: boolean;
};

const PLAIN_EVERY_MS = 10_000;

const sentences = (fault: Tick['fault']): readonly string[] =>
  fault ? [fault.message, ...(fault.next ? [`  ${fault.next}`] : [])] : [];

/** Says that numbers are simulated or replayed, if they are. */
function bannerOf({ kind }: Tick['source']): readonly string[] {
  const { origin } = sourceKindOf(kind);
  return origin === 'measured' ? [] : [text(`banner.${origin}`)];
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/**
 * Records as the window does and shows a live table. If the output is no terminal, it prints the table every ten seconds
 * instead of redrawing it. Ends on Ctrl-C, after --for, or at the end of a replayed recording.
 */
async function recordAndShow(options: MonitorOptions): Promise<number> {
  let settings = (): Settings => settingsOf(dataFolder(options.dataDir));
  /** Made when it is needed: it takes megabytes, which `--quiet` saves. */
  const format = once(() => formatterOf(settings()));
  const view = createMonitorView();
  let lastTick: Tick | undefined;
  let firing: string[] = [];
  let shownMs = -Infinity;

  const nameOf = (alert: StoredAlert): string => `${alertSubject(text, alert)}: ${alertTitle(text, format(), alert)}`;

  let shown: Tick['fault'];
  /** A fault is printed once, and its end too. Its message may change while it lasts: "for 3 s". */
  function printFault({ fault }: Tick): void {
    const before = shown;
    shown = fault;
    if (fault?.code === before?.code) return;
    if (fault) out.say(...sentences(fault));
    else out.say(text('cli.monitor.faultOver', { fault: before!.message }));
  }

  /** An alert is printed once, with its remedy, and its end too. */
  function printAlerts(told: readonly StoredAlert[], cleared: readonly StoredAlert[]): void {
    for (const alert of told) out.say(`! ${nameOf(alert)}`, `  ${alertAdvice(text, alert)}`);
    for (const alert of cleared.filter(({ toldMs }) => toldMs !== null)) {
      const duration = format().duration(alert.clearedMs! - alert.firedMs);
      const subject = alertSubject(text, alert);
      out.say(text('alerts.over', { subject, title: alertTitle(text, format(), alert), duration }));
    }
  }

  function show(tick: Tick): void {
    if (options.quiet) return printFault(tick);
    view.take(tick);
    lastTick = tick;
    const now = performance.now();
    if (!out.isLive() && now - shownMs < PLAIN_EVERY_MS && !tick.fault) return;
    shownMs = now;
    draw(tick);
  }

  function draw(tick: Tick): void {
    const lines = [
      `${text('app.name')} · ${tick.source.label} · ${format().dateTime(tick.tsMs)}`,
      ...bannerOf(tick.source),
      ...(tick.source.because ? [`  ${tick.source.because}`] : []),
      ...sentences(tick.fault),
      ...firing,
      '',
      ...view.lines(tick, format(), out.columns()),
    ];
    if (out.isLive()) out.redraw(lines);
    else out.say(...lines, '');
  }

  const recording =
    options.record === undefined ? undefined : openRecordFile(options.record, options.source, printError);
  if (recording?.ok === false) {
    printError(recording.error);
    return EXIT.failed;
  }
  const opened = await recordHere('monitor', options, {
    onTick(tick) {
      recording?.value.write(tick);
      show(tick);
    },
    onAlerts(now, told, cleared) {
      firing = now.map((alert) => `! ${nameOf(alert)}`);
      if (options.quiet && told.length + cleared.length > 0) printAlerts(told, cleared);
      else if (options.quiet) out.say(...firing); // those that fire since the recorder before this one
    },
    onAction(action) {
      if (options.quiet) out.say(text('cli.monitor.governor', { action: entryText(text, action) }));
    },
    onSessions: () => undefined,
    onNotice: printError,
  });
  if (!opened.ok) {
    printError(opened.error);
    return EXIT.failed;
  }
  const { collector } = opened.value;
  settings = opened.value.settings;
  if (collector.setAside) notes.say(text('cli.history.setAside', { file: collector.setAside }));

  let restoreKeys = (): void => undefined;
  await new Promise<void>((resolve) => {
    const onKey = (key: string): void => {
      const does = view.key(key);
      if (does === 'quit') resolve();
      else if (does === 'redraw' && lastTick) draw(lastTick);
    };
    if (out.isLive() && !options.quiet) restoreKeys = listenForKeys(process.stdin, onKey, resolve);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    if (options.for !== undefined) setTimeout(resolve, options.for * 1000);
    void collector.finished.then(resolve);
  });
  restoreKeys();
  const stopped = await collector.stop();
  if (!options.quiet) out.say('', ...view.summary(format()));
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
  run: recordAndShow,
} satisfies Command;
