import { openCollector } from '../collector.node.ts';
import { createFormatter } from '../format.ts';
import { createI18n } from '../i18n.ts';
import type { AppError } from '../result.ts';
import type { Tick } from '../telemetry/sampler.ts';
import { openRecordFile } from './record-file.ts';
import { collectorConfig, EXIT, threads, type RecordingOptions } from './options.ts';
import { monitorTable, type Remembered } from './table.ts';

export type MonitorOptions = RecordingOptions & { readonly record?: string; readonly for?: number };

const PLAIN_EVERY_MS = 10_000;

export const printError = ({ message, next }: Pick<AppError, 'message' | 'next'>): void => {
  process.stderr.write(`${message}\n${next ? `  ${next}\n` : ''}`);
};

/**
 * The headless monitor: records as the window does and shows a live table. Where the output is no terminal it prints
 * the table every ten seconds instead of drawing over it. Ends on Ctrl-C, after --for, or with the recording.
 */
export async function monitor(options: MonitorOptions): Promise<number> {
  const config = collectorConfig(options);
  const locale = Intl.DateTimeFormat().resolvedOptions().locale;
  const { t } = createI18n(locale);
  const format = createFormatter(locale, config.settings);
  const remembered: Remembered = new Map();
  const terminal = process.stdout.isTTY;
  let firing: string[] = [];
  let drawn = 0;
  let shownMs = -Infinity;

  function show(tick: Tick): void {
    const now = performance.now();
    if (!terminal && now - shownMs < PLAIN_EVERY_MS && !tick.fault) return;
    shownMs = now;
    const lines = [
      `Slowburn · ${tick.source.label} · ${format.dateTime(tick.tsMs)}`,
      ...(tick.source.simulated ? [t(`banner.${tick.source.kind}`)] : []),
      ...(tick.source.because ? [`  ${tick.source.because}`] : []),
      ...(tick.fault ? [tick.fault.message, ...(tick.fault.next ? [`  ${tick.fault.next}`] : [])] : []),
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
          const { text, unit } = format.temperature(threshold);
          return `! ${gpuName}: ${t(`rule.${rule}`, { limit: `${text} ${unit}` })}`;
        });
      },
      onSessions: () => undefined,
    },
    threads,
  );
  if (!opened.ok) {
    printError(opened.error);
    return EXIT.failed;
  }
  const collector = opened.value;
  if (collector.setAside) process.stderr.write(`${t('history.setAside', { file: collector.setAside })}\n`);

  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    if (options.for !== undefined) setTimeout(resolve, options.for * 1000);
    void collector.finished.then(resolve);
  });
  await collector.stop();
  return recording?.value.close() === false ? EXIT.failed : EXIT.ok;
}
