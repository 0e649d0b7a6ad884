import { alertTitle } from '../app/alerts/text.ts';
import { createFormatter } from '../app/metrics/format.ts';
import { loosely, createI18n } from '../app/core/i18n.ts';
import type { Tick } from '../app/telemetry/sampler.ts';
import { dataFolder } from '../app/core/folders.node.ts';
import type { Settings } from '../app/settings/settings.ts';
import { openRecordFile } from './record-file.ts';
import { recordHere } from './recording.ts';
import { EXIT, settingsOf, type RecordingOptions } from './options.ts';
import { monitorTable, type Remembered } from './table.ts';
import { notes, out, printError } from './terminal.ts';

export type MonitorOptions = RecordingOptions & {
  readonly record?: string;
  readonly for?: number;
  /** no table: what is wrong is printed when it begins, and nothing else */
  readonly quiet?: boolean;
};

const PLAIN_EVERY_MS = 10_000;

const sentences = (fault: Tick['fault']): readonly string[] =>
  fault ? [fault.message, ...(fault.next ? [`  ${fault.next}`] : [])] : [];

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/**
 * The headless monitor: records as the window does and shows a live table. Where the output is no terminal it prints
 * the table every ten seconds instead of drawing over it; when it is to be quiet, faults and alerts alone. Ends on Ctrl-C,
 * after --for, or with the recording.
 */
export async function monitor(options: MonitorOptions): Promise<number> {
  let settings = (): Settings => settingsOf(dataFolder(options.dataDir));
  /** Made when there is something to say: words and formats weigh megabytes. */
  const say = once(() => {
    const locale = Intl.DateTimeFormat().resolvedOptions().locale;
    return { t: createI18n(locale).t, format: createFormatter(locale, settings()) };
  });
  const remembered: Remembered = new Map();
  let firing: string[] = [];
  let shownMs = -Infinity;

  const told = new Set<string>();
  /** Prints what was not there a tick ago. */
  function tell(lines: readonly string[]): void {
    for (const line of lines) if (!told.has(line)) out.say(line);
    told.clear();
    lines.forEach((line) => told.add(line));
  }

  function show(tick: Tick): void {
    if (options.quiet) return tell([...sentences(tick.fault), ...firing]);
    const { t, format } = say();
    const now = performance.now();
    if (!out.isLive() && now - shownMs < PLAIN_EVERY_MS && !tick.fault) return;
    shownMs = now;
    const lines = [
      `Slowburn · ${tick.source.label} · ${format.dateTime(tick.tsMs)}`,
      ...(tick.source.simulated ? [loosely(t)(`banner.${tick.source.kind}`)] : []),
      ...(tick.source.because ? [`  ${tick.source.because}`] : []),
      ...sentences(tick.fault),
      ...firing,
      '',
      ...monitorTable(tick, remembered, t, format),
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
  const opened = await recordHere(options, {
    onTick(tick) {
      recording?.value.write(tick);
      show(tick);
    },
    onAlerts(now) {
      firing = now.map((alert) => {
        const { t, format } = say();
        return `! ${alert.gpuName}: ${alertTitle(t, format, alert)}`;
      });
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
  if (collector.setAside) notes.say(say().t('history.setAside', { file: collector.setAside }));

  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    if (options.for !== undefined) setTimeout(resolve, options.for * 1000);
    void collector.finished.then(resolve);
  });
  const stopped = await collector.stop();
  if (!stopped.ok) printError(stopped.error);
  return recording?.value.close() === false || !stopped.ok ? EXIT.failed : EXIT.ok;
}
