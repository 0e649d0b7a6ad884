import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Argument, Option } from 'commander';
import type { Formatter } from '../../app/metrics/format.ts';
import { lockRecorder, openDatabase } from '../../app/history/file/database.node.ts';
import { createStore } from '../../app/recorder/store.ts';
import { printable } from '../../app/core/printable.ts';
import { text } from '../../app/core/i18n.ts';
import { messageOf, ok, type Result } from '../../app/core/result.ts';
import { establishSettings } from '../../app/settings/file.node.ts';
import { dataFolder, historyFile } from '../../app/core/folders.node.ts';
import type { Settings } from '../../app/settings/settings.ts';
import { openLog, surveyLog, type LogFile, type Survey } from '../../app/telemetry/logs/file.node.ts';
import { ambiguousDates, parseDate, type DateOrder } from '../../app/telemetry/logs/stamps.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { importLog, type ImportedLog } from '../import-log.ts';
import { notes, out, printError } from '../terminal.ts';
import { EXIT, settingsOf, utcOffsetOption } from '../options.ts';
import { dataDirOption, dateOrderOption } from '../shared-options.ts';

export type ImportOptions = {
  readonly gpu?: string;
  readonly dateOrder?: DateOrder;
  readonly utcOffset?: number;
  readonly dataDir?: string;
};

const PROGRESS_MS = 250;

/** Shows how much of a file has been read, if stderr is a terminal. */
function createProgress() {
  let shownMs = performance.now();
  return {
    clear: notes.clearStatus,
    /** @param share fraction of the file that has been read, 0–1 */
    show(file: string, share: number): void {
      const nowMs = performance.now();
      if (nowMs - shownMs < PROGRESS_MS) return;
      shownMs = nowMs;
      notes.status(text('cli.import.progress', { file, percent: Math.floor(share * 100) }));
    },
  };
}

/** The order of day, month and year: from the options, from the file, or from the user's answer on a terminal. */
async function chooseOrder(
  { file }: LogFile,
  { dates }: Survey,
  wanted: DateOrder | undefined,
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
      const asked = text('cli.import.ask', { file: path.basename(file), example });
      const answer = await question.question(`${[asked, ...choices].map(printable).join('\n')}\n> `, {
        signal: AbortSignal.any([signal, closed.signal]),
      });
      const order = orders[Number(answer) - 1] ?? orders.find((it) => it === answer.trim());
      if (order) return ok(order);
    } catch {
      // Ctrl-C or the end of the input: no answer, the same as without a terminal
    } finally {
      question.close();
    }
  }
  return { ok: false, error: ambiguousDates(file, dates) };
}

/** The result of importing one file, in lines for the terminal. */
function describe(log: LogFile, imported: ImportedLog, settings: Settings, format: Formatter): string[] {
  const { gpus, taken, notTaken, bad, badCount } = imported;
  const retainedMs = Date.now() - settings.retentionDays * 86_400_000;
  const lines: string[] = gpus.map(({ gpu, added, duplicate, fromMs, toMs }) => {
    const times = { from: format.dateTime(fromMs), to: format.dateTime(toMs) };
    return text('cli.import.samples', { gpu: `${gpu.name} (${gpu.uuid})`, added, duplicate, ...times });
  });
  lines.push(text('cli.import.taken', { names: taken.map((key) => text(`metric.${key}`)).join(', ') }));
  if (notTaken.length > 0) lines.push(text('cli.import.notTaken', { names: notTaken.join(', ') }));
  if (gpus.some(({ added, fromMs }) => added > 0 && fromMs < retainedMs))
    lines.push(text('cli.import.old', { count: settings.retentionDays }));
  if (badCount > 0) {
    lines.push(text('cli.import.bad', { count: badCount }));
    for (const { line, why } of bad) lines.push(`  ${text('cli.import.badLine', { line, why })}`);
    if (badCount > bad.length) lines.push(`  ${text('cli.import.badMore', { count: badCount - bad.length })}`);
  }
  const kind = text(`cli.import.kind.${log.format.kind}`);
  return [`${path.basename(log.file)}: ${kind}`, ...lines.map((line) => `  ${line}`)];
}

/** Exits with 2 if an option is missing, with 1 if a file could not be read or the import was cancelled. */
async function importFiles(files: readonly string[], options: ImportOptions): Promise<number> {
  const folder = dataFolder(options.dataDir);
  const settings = settingsOf(folder);
  const format = formatterOf(settings);
  const lock = lockRecorder(folder);
  if (!lock.ok) {
    const busy = lock.error.code === 'database-busy';
    printError(busy ? { ...lock.error, next: text('cli.import.closeFirst') } : lock.error);
    return EXIT.failed;
  }
  establishSettings(folder); // without settings, the history would look as if its settings were lost
  const database = openDatabase(historyFile(folder, 'measured'));
  if (!database.ok) {
    lock.value();
    printError(database.error);
    return EXIT.failed;
  }
  if (database.value.setAside) notes.say(text('cli.history.setAside', { file: database.value.setAside }));
  const store = createStore(database.value.db);
  const cancel = new AbortController();
  const onSignal = () => cancel.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  const progress = createProgress();

  async function importOne(
    file: string,
  ): Promise<Result<{ readonly lines: readonly string[]; readonly found: boolean }>> {
    const nowMs = Date.now();
    const opened = await openLog(file);
    if (!opened.ok) return opened;
    const log = opened.value;
    const passes = log.needsSurvey ? 2 : 1;
    const onProgress = (pass: number) => (bytes: number) =>
      progress.show(path.basename(file), (pass + bytes / Math.max(1, log.sizeBytes)) / passes);
    let order: DateOrder = 'ymd';
    let lastLines: readonly string[] = [];
    if (log.needsSurvey) {
      const survey = await surveyLog(log, nowMs, onProgress(0), cancel.signal);
      if (!survey.ok) return survey;
      if (cancel.signal.aborted) return ok({ lines: [], found: false });
      progress.clear();
      const chosen = await chooseOrder(log, survey.value, options.dateOrder, cancel.signal);
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
      lines: describe(log, imported.value, settings, format),
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
      notes.say(text('cli.import.cancelled'));
      code = EXIT.failed;
    }
  } catch (thrown) {
    progress.clear();
    if (!(thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_'))) throw thrown;
    printError({ message: text('cli.history.notWritable', { why: messageOf(thrown) }) });
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

/** `slowburn import FILE…`: imports logs of other programs, and recordings, into the history. */
export const importLogs = {
  description: () => text('cli.import.description'),
  arguments: () => [new Argument('<file...>')],
  options: () => [
    new Option('--gpu <name>', text('cli.import.gpu')),
    dateOrderOption(),
    new Option('--utc-offset <offset>', text('cli.import.utcOffset')).argParser(utcOffsetOption),
    dataDirOption(),
  ],
  run: importFiles,
} satisfies Command;
