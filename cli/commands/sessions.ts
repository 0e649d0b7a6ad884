import path from 'node:path';
import { Option } from 'commander';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { err, messageOf, ok, type Result } from '../../app/core/result.ts';
import type { SessionFormat } from '../../app/exchange/format.ts';
import { sessionExport } from '../../app/exchange/session-columns.ts';
import { sessionsAs, writeSessions } from '../../app/exchange/sessions.node.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { refuseTarget } from '../../app/jobs/target.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import type { Tariff } from '../../app/workload/energy/tariff.ts';
import type { Settings } from '../../app/settings/settings.ts';
import { newestWeek } from '../../app/workload/sessions/idle-models.ts';
import { MOST_SESSIONS } from '../../app/workload/sessions/table.ts';
import type { Command } from '../command.ts';
import { formatterOf } from '../format.ts';
import { historyOf, type FileOptions } from '../history-file.ts';
import { EXIT, momentOption, moneyIn, settingsOf } from '../options.ts';
import { idleLines, sessionLines } from '../session-lines.ts';
import { historyOptions, jsonOption } from '../shared-options.ts';
import { notes, out, printError } from '../terminal.ts';

export type SessionsOptions = FileOptions & {
  readonly from?: number;
  readonly to?: number;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly parquet?: boolean;
  readonly out?: string;
};

/** Sessions that are listed for people if no period is given. */
const NEWEST = 20;

const formatOf = ({ csv, parquet, json }: SessionsOptions): SessionFormat | undefined =>
  csv ? 'csv' : parquet ? 'parquet' : json ? 'json' : undefined;

/** The sessions asked for, oldest first, and the period in which models may have been idle. */
function read(store: Store, { from, to }: SessionsOptions, most: number) {
  const whole = from === undefined && to === undefined;
  const sessions = store.sessions
    .newest(whole ? most : MOST_SESSIONS)
    .reverse()
    .filter(({ startedMs, endedMs }) => startedMs < (to ?? Infinity) && (endedMs ?? Infinity) >= (from ?? -Infinity));
  const extent = store.extent();
  const [weekMs, endMs] = newestWeek(extent);
  const fromMs = Math.max(extent?.fromMs ?? 0, from ?? weekMs);
  const toMs = Math.min(to ?? endMs, endMs);
  return { sessions, period: { fromMs, toMs }, idle: store.idleModels(fromMs, toMs) };
}

/** Writes sessions in a format for programs, to a file or to standard output. */
function exportAs(
  store: Store,
  databaseFile: string,
  format: SessionFormat,
  settings: Settings & Tariff,
  options: SessionsOptions,
): Result<undefined> {
  const { sessions: list, idle } = read(store, options, MOST_SESSIONS);
  const content = sessionExport(list, idle, settings, settings.currency);
  if (options.out === undefined) {
    if (format === 'parquet' && out.isLive())
      return err('invalid-argument', text('cli.sessions.binary'), text('cli.sessions.nameOut'));
    out.data(sessionsAs(format, content));
    return ok(undefined);
  }
  const target = path.resolve(options.out);
  const refused = refuseTarget('export', target, databaseFile);
  if (refused) return refused;
  writeSessions(target, format, content);
  notes.say(text('cli.sessions.written', { count: list.length, target: options.out }));
  return ok(undefined);
}

function print(store: Store, settings: Settings & Tariff, options: SessionsOptions): void {
  const format = formatterOf(settings);
  const { sessions: list, period, idle } = read(store, options, NEWEST);
  out.say(...(list.length > 0 ? sessionLines(list, settings, format) : [text('cli.sessions.none')]));
  if (idle.length > 0) out.say('', ...idleLines(idle, period, settings, format));
}

function listSessions(options: SessionsOptions): number {
  const file = historyOf(options);
  if (!file.ok) {
    printError(file.error);
    return EXIT.failed;
  }
  const opened = openForReading(file.value);
  if (!opened.ok) {
    printError(opened.error);
    return EXIT.failed;
  }
  const folder = dataFolder(options.dataDir);
  const settings = moneyIn(folder, settingsOf(folder));
  const store = createStore(opened.value);
  const format = formatOf(options);
  try {
    if (options.out !== undefined && !format) {
      printError({ message: text('cli.sessions.noFormat'), next: text('cli.sessions.chooseFormat') });
      return EXIT.usage;
    }
    if (!format) print(store, settings, options);
    const done = format ? exportAs(store, file.value, format, settings, options) : ok(undefined);
    if (!done.ok) printError(done.error);
    return done.ok ? EXIT.ok : EXIT.failed;
  } catch (thrown) {
    printError({ message: text('cli.sessions.failed', { why: messageOf(thrown) }), next: text('cli.sessions.check') });
    return EXIT.failed;
  } finally {
    store.close();
  }
}

/** `slowburn sessions`: what sessions used and cost, for people or for programs, and what idle models cost. */
export const sessions = {
  description: () => text('cli.sessions.description'),
  options: () => [
    ...historyOptions(),
    new Option('--from <when>', text('cli.sessions.from')).argParser(momentOption),
    new Option('--to <when>', text('cli.sessions.to')).argParser(momentOption),
    jsonOption().conflicts(['csv', 'parquet']),
    new Option('--csv', text('cli.sessions.csv')).conflicts(['json', 'parquet']),
    new Option('--parquet', text('cli.sessions.parquet')).conflicts(['json', 'csv']),
    new Option('--out <file>', text('cli.sessions.out')),
  ],
  run: listSessions,
} satisfies Command;
