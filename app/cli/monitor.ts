import { openCollector } from '../collector.node.ts';
import { createFormatter } from '../format.ts';
import { createI18n } from '../i18n.ts';
import type { AppError } from '../result.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { openRecordFile } from './record-file.ts';
import { collectorConfig, EXIT, threads, type RecordingOptions } from './options.ts';
import { monitorTable, type Remembered } from './table.ts';

export type MonitorOptions = RecordingOptions & {
  readonly record?: string;
  readonly for?: number;
  /** no table: what is wrong is printed when it begins, and nothing else */
  readonly quiet?: boolean;
};

const PLAIN_EVERY_MS = 10_000;

export const printError = ({ message, next }: Pick<AppError, 'message' | 'next'>): void => {
  process.stderr.write(`${message}\n${next ? `  ${next}\n` : ''}`);
};

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
  const config = collectorConfig(options);
  /** Made when there is something to say: words and formats weigh megabytes. */
  const say = once(() => {
    const locale = Intl.DateTimeFormat().resolvedOptions().locale;
    return { t: createI18n(locale).t, format: createFormatter(locale, config.settings) };
  });
  const remembered: Remembered = new Map();
  const terminal = process.stdout.isTTY;
  let firing: string[] = [];
  let drawn = 0;
  let shownMs = -Infinity;

  const told = new Set<string>();
  /** Prints what was not there a tick ago. */
  function tell(lines: readonly string[]): void {
    for (const line of lines) if (!told.has(line)) process.stdout.write(`${line}\n`);
    told.clear();
    lines.forEach((line) => told.add(line));
  }

  function show(tick: Tick): void {
    if (options.quiet) return tell([...sentences(tick.fault), ...firing]);
    const { t, format } = say();
    const now = performance.now();
    if (!terminal && now - shownMs < PLAIN_EVERY_MS && !tick.fault) return;
    shownMs = now;
    const lines = [
      `Slowburn · ${tick.source.label} · ${format.dateTime(tick.tsMs)}`,
      ...(tick.source.simulated ? [t(`banner.${tick.source.kind}`)] : []),
      ...(tick.source.because ? [`  ${tick.source.because}`] : []),
      ...sentences(tick.fault),
      ...firing,
      '',
      ...monitorTable(tick, remembered, t, format),
    ];
    if (!terminal) {
      process.stdout.write(`${lines.join('\n')}\n\n`);
      return;
    }
    const { columns, rows } = process.stdout;
    const clear = drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '';
    // what does not fit could not be drawn over: the cursor goes no higher than the first row
    const fitting = lines.slice(0, rows - 1).map((line) => line.slice(0, columns));
    process.stdout.write(`${clear}${fitting.join('\n')}\n`);
    drawn = fitting.length;
  }

  const recording =
    options.record === undefined ? undefined : openRecordFile(options.record, options.source, printError);
  if (recording?.ok === false) {
    printError(recording.error);
    return EXIT.failed;
  }
  const opened = await openCollector(
    config,
    {
      onTick(tick) {
        recording?.value.write(tick);
        show(tick);
      },
      onAlerts(now) {
        firing = now.map(({ rule, gpuName, threshold }) => {
          const { t, format } = say();
          const { text, unit } = format.temperature(threshold);
          return `! ${gpuName}: ${t(`rule.${rule}`, { limit: `${text} ${unit}` })}`;
        });
      },
      onSessions: () => undefined,
      onNotice: printError,
    },
    threads,
  );
  if (!opened.ok) {
    printError(opened.error);
    return EXIT.failed;
  }
  const collector = opened.value;
  if (collector.setAside) process.stderr.write(`${say().t('history.setAside', { file: collector.setAside })}\n`);

  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    if (options.for !== undefined) setTimeout(resolve, options.for * 1000);
    void collector.finished.then(resolve);
  });
  const stopped = await collector.stop();
  if (!stopped.ok) printError(stopped.error);
  return recording?.value.close() === false || !stopped.ok ? EXIT.failed : EXIT.ok;
}
