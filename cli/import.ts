import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError } from 'commander';
import { createFormatter, type Formatter } from '../app/metrics/format.ts';
import { lockRecorder, openDatabase } from '../app/history/file/database.node.ts';
import { createStore } from '../app/recorder/store.ts';
import { printable } from '../app/core/printable.ts';
import { loosely, createI18n, type Translate } from '../app/core/i18n.ts';
import { err, messageOf, ok, type Result } from '../app/core/result.ts';
import { establishSettings } from '../app/settings/file.node.ts';
import { dataFolder, historyFile } from '../app/core/folders.node.ts';
import type { Settings } from '../app/settings/settings.ts';
import { openLog, surveyLog, type LogFile, type Survey } from '../app/telemetry/logs/file.node.ts';
import { parseDate, parseUtcOffset, type DateOrder } from '../app/telemetry/logs/stamps.ts';
import { importLog, type ImportedLog } from './import-log.ts';
import { notes, out, printError } from './terminal.ts';
import { EXIT, settingsOf } from './options.ts';

export type ImportOptions = {
  readonly gpu?: string;
  readonly dateOrder?: DateOrder;
  readonly utcOffset?: number;
  readonly dataDir?: string;
};

export function utcOffsetOption(text: string): number {
  const offset = parseUtcOffset(text);
  if (offset === undefined) throw new InvalidArgumentError('Give an offset such as +02:00, -05:30 or UTC.');
  return offset;
}

const PROGRESS_MS = 250;

/** A line that is drawn over itself while a file is read. Where stderr is no terminal there is none. */
function createProgress(t: Translate) {
  let shownMs = performance.now();
  return {
    clear: notes.clearStatus,
    /** @param share of the file that has been read, 0–1 */
    show(file: string, share: number): void {
      const nowMs = performance.now();
      if (nowMs - shownMs < PROGRESS_MS) return;
      shownMs = nowMs;
      notes.status(t('import.progress', { file, percent: Math.floor(share * 100) }));
    },
  };
}

/** The order of the dates: as the user said, as the file settles it, or as the user answers when there is a terminal. */
async function chooseOrder(
  { file }: LogFile,
  { dates }: Survey,
  wanted: DateOrder | undefined,
  t: Translate,
  signal: AbortSignal,
): Promise<Result<DateOrder>> {
  const orders = dates.orders();
  if (wanted) return ok(wanted);
  if (orders.length === 1) return ok(orders[0]!);
  const example = dates.example();
  if (process.stdin.isTTY && process.stderr.isTTY) {
    const question = createInterface({ input: process.stdin, output: process.stderr });
    const closed = new AbortController(); // Ctrl-C and Ctrl-D close it without an answer
    question.once('close', () => closed.abort());
    try {
      const meaning = (order: DateOrder): string =>
        new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeZone: 'UTC' }).format(parseDate(example, order));
      const choices = orders.map((order, i) => `  ${i + 1}  ${meaning(order)} (${order})`);
      const asked = t('import.ask', { file: path.basename(file), example });
      const answer = await question.question(`${[asked, ...choices].map(printable).join('\n')}\n> `, {
        signal: AbortSignal.any([signal, closed.signal]),
      });
      const order = orders[Number(answer) - 1] ?? orders.find((it) => it === answer.trim());
      if (order) return ok(order);
    } catch {
      // Ctrl-C or the end of the input: no answer, as where nobody can be asked
    } finally {
      question.close();
    }
  }
  return err(
    'invalid-argument',
    `The dates in ${file} can be read in ${orders.length} ways, and no row settles it: ${example}.`,
    `Say which it is: ${orders.map((order) => `--date-order ${order}`).join(' or ')}.`,
  );
}

function describe(log: LogFile, imported: ImportedLog, settings: Settings, t: Translate, format: Formatter): string[] {
  const { gpus, taken, notTaken, bad, badCount } = imported;
  const retainedMs = Date.now() - settings.retentionDays * 86_400_000;
  const lines = [`${path.basename(log.file)}: ${loosely(t)(`import.kind.${log.format.kind}`)}`];
  for (const { gpu, added, duplicate, fromMs, toMs } of gpus) {
    const times = { from: format.dateTime(fromMs), to: format.dateTime(toMs) };
    lines.push(`  ${gpu.name} (${gpu.uuid}): ${t('import.samples', { added, duplicate, ...times })}`);
  }
  if (gpus.length === 0) lines.push(`  ${t('import.nothing')}`);
  if (taken.length > 0)
    lines.push(`  ${t('import.taken', { names: taken.map((key) => t(`metric.${key}`)).join(', ') })}`);
  if (notTaken.length > 0) lines.push(`  ${t('import.notTaken', { names: notTaken.join(', ') })}`);
  if (gpus.some(({ added, fromMs }) => added > 0 && fromMs < retainedMs)) {
    lines.push(`  ${t('import.old', { count: settings.retentionDays })}`);
  }
  if (badCount > 0) {
    lines.push(`  ${t('import.bad', { count: badCount })}`);
    for (const { line, why } of bad) lines.push(`    ${t('import.badLine', { line, why })}`);
    if (badCount > bad.length) lines.push(`    ${t('import.badMore', { count: badCount - bad.length })}`);
  }
  return lines;
}

/**
 * `slowburn import FILE…`: reads logs of other programs, and recordings, into the history. Exits with 2 where a person
 * has to say something first, with 1 where a file could not be read or the import was cancelled.
 */
export async function importLogs(files: readonly string[], options: ImportOptions): Promise<number> {
  const folder = dataFolder(options.dataDir);
  const settings = settingsOf(folder);
  const locale = Intl.DateTimeFormat().resolvedOptions().locale;
  const { t } = createI18n(locale);
  const format = createFormatter(locale, settings);
  const lock = lockRecorder(folder);
  if (!lock.ok) {
    const busy = lock.error.code === 'database-busy';
    printError(
      busy ? { ...lock.error, next: 'Close it, then import again: both would write the same history.' } : lock.error,
    );
    return EXIT.failed;
  }
  establishSettings(folder); // a history without settings would look like one whose settings were lost
  const database = openDatabase(historyFile(folder, 'nvml'));
  if (!database.ok) {
    lock.value();
    printError(database.error);
    return EXIT.failed;
  }
  if (database.value.setAside) notes.say(t('history.setAside', { file: database.value.setAside }));
  const store = createStore(database.value.db);
  const cancel = new AbortController();
  const onSignal = () => cancel.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  const progress = createProgress(t);

  async function importOne(
    file: string,
  ): Promise<Result<{ readonly lines: readonly string[]; readonly found: boolean }>> {
    const nowMs = Date.now();
    const opened = await openLog(file);
    if (!opened.ok) return opened;
    const log = opened.value;
    const passes = log.format.when ? 2 : 1;
    const onProgress = (pass: number) => (bytes: number) =>
      progress.show(path.basename(file), (pass + bytes / Math.max(1, log.sizeBytes)) / passes);
    let order: DateOrder = 'ymd';
    let lastLines: readonly string[] = [];
    if (log.format.when) {
      const survey = await surveyLog(log, nowMs, onProgress(0), cancel.signal);
      if (!survey.ok) return survey;
      if (cancel.signal.aborted) return ok({ lines: [], found: false });
      progress.clear();
      const chosen = await chooseOrder(log, survey.value, options.dateOrder, t, cancel.signal);
      if (!chosen.ok) return chosen;
      order = chosen.value;
      lastLines = survey.value.lastLines;
    }
    const imported = await importLog(store, {
      log,
      order,
      lastLines,
      utcOffsetMs: options.utcOffset,
      gpuName: options.gpu,
      nowMs,
      onProgress: onProgress(passes - 1),
      signal: cancel.signal,
    });
    if (!imported.ok) return imported;
    return ok({
      lines: describe(log, imported.value, settings, t, format),
      found: imported.value.gpus.length > 0,
    });
  }

  let code: number = EXIT.ok;
  try {
    for (const file of files) {
      if (cancel.signal.aborted) break;
      const imported = await importOne(file);
      progress.clear();
      if (imported.ok) {
        out.say(...imported.value.lines);
        if (!imported.value.found) code = Math.max(code, EXIT.failed);
      } else {
        printError({ ...imported.error, message: withFile(imported.error.message, file) });
        code = Math.max(code, imported.error.code === 'invalid-argument' ? EXIT.usage : EXIT.failed);
      }
    }
    if (cancel.signal.aborted) {
      notes.say(t('import.cancelled'));
      code = EXIT.failed;
    }
  } catch (thrown) {
    progress.clear();
    if (!(thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_'))) throw thrown;
    printError({ message: `The history cannot be written: ${messageOf(thrown)}` });
    code = EXIT.failed;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
    store.close();
    lock.value();
  }
  return code;
}

const withFile = (message: string, file: string): string =>
  message.includes(file) ? message : `${path.basename(file)}: ${message}`;
