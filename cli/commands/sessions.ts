import path from 'node:path';
import { Option } from 'commander';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { dataFolder } from '../../app/core/folders.node.ts';
import { text } from '../../app/core/i18n.ts';
import { err, messageOf, ok, type Result } from '../../app/core/result.ts';
import type { SessionFormat } from '../../app/exchange/format.ts';
import { sessionExport } from '../../app/exchange/session-columns.ts';
import { sessionsAs, writeSessions } from '../../app/exchange/sessions.node.ts';
import { openForReading } from '../../app/history/file/database.node.ts';
import { refuseTarget } from '../../app/jobs/target.node.ts';
import { attach } from '../../app/recorder/socket/attach.node.ts';
import type { Attached } from '../../app/recorder/socket/attached.ts';
import { systemPlaces } from '../../app/recorder/socket/places.node.ts';
import { createStore, type Store } from '../../app/recorder/store.ts';
import type { Tariff } from '../../app/workload/energy/tariff.ts';
import type { Settings } from '../../app/settings/settings.ts';
import { newestWeek } from '../../app/workload/sessions/idle-models.ts';
import type { IdleModel, StoredSession } from '../../app/workload/sessions/schema.ts';
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

type Listed = {
  /** oldest first */
  readonly sessions: readonly StoredSession[];
  /** in which models may have been idle */
  readonly period: { readonly fromMs: number; readonly toMs: number };
  readonly idle: readonly IdleModel[];
};
/** Where sessions come from: a file, or the machine's recorder, whose file is its own. */
type Listing = {
  readonly databaseFile: string;
  readonly read: (options: SessionsOptions, most: number) => Promise<Result<Listed>>;
  readonly close: () => void;
};

const within =
  ({ from = -Infinity, to = Infinity }: SessionsOptions) =>
  (session: StoredSession): boolean =>
    session.startedMs < to && (session.endedMs ?? Infinity) >= from;
const isWhole = ({ from, to }: SessionsOptions): boolean => from === undefined && to === undefined;

const inFile = (store: Store, databaseFile: string): Listing => ({
  databaseFile,
  close: store.close,
  async read(options, most) {
    const { from, to } = options;
    const sessions = store.sessions
      .newest(isWhole(options) ? most : MOST_SESSIONS)
      .reverse()
      .filter(within(options));
    const extent = store.extent();
    const [weekMs, endMs] = newestWeek(extent);
    const fromMs = Math.max(extent?.fromMs ?? 0, from ?? weekMs);
    const toMs = Math.min(to ?? endMs, endMs);
    return ok({ sessions, period: { fromMs, toMs }, idle: store.idleModels(fromMs, toMs) });
  },
});

/** The newest thousand; idle models only without a period, because the recorder tells those of its newest week. */
const MOST_ASKED = 1000;

const ofTheMachine = ({ hello, ask, close }: Attached): Listing => ({
  databaseFile: hello().databaseFile,
  close,
  async read(options, most) {
    const limit = Math.min(isWhole(options) ? most : MOST_ASKED, MOST_ASKED);
    const newest = (await ask('sessions.newest', { limit })) as Result<ResponseOf<'sessions.newest'>>;
    if (!newest.ok) return newest;
    const models = (await ask('models.idle', undefined)) as Result<ResponseOf<'models.idle'>>;
    if (!models.ok) return models;
    const { models: idle, ...period } = models.value ?? { models: [], fromMs: 0, toMs: 0 };
    const sessions = [...newest.value].reverse().filter(within(options));
    return ok({ sessions, period, idle: isWhole(options) ? idle : [] });
  },
});

/** The history of the folder. Where there is none, the machine's recorder is asked, if one runs. */
async function openListing(options: SessionsOptions): Promise<Result<Listing>> {
  const file = historyOf(options);
  if (file.ok) {
    const opened = openForReading(file.value);
    return opened.ok ? ok(inFile(createStore(opened.value), file.value)) : opened;
  }
  if (file.error.code !== 'not-found' || options.file !== undefined || options.dataDir !== undefined) return file;
  const attached = await attach({ find: systemPlaces, events: {}, follow: false });
  if (attached.ok) {
    notes.say(text('cli.sessions.ofTheMachine'));
    return ok(ofTheMachine(attached.value));
  }
  return attached.error.code === 'not-found' ? file : attached;
}

/** Writes sessions in a format for programs, to a file or to standard output. */
async function exportAs(
  { read, databaseFile }: Listing,
  format: SessionFormat,
  settings: Settings & Tariff,
  options: SessionsOptions,
): Promise<Result<undefined>> {
  const found = await read(options, MOST_SESSIONS);
  if (!found.ok) return found;
  const { sessions: list, idle } = found.value;
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

async function print(
  { read }: Listing,
  settings: Settings & Tariff,
  options: SessionsOptions,
): Promise<Result<undefined>> {
  const format = formatterOf(settings);
  const found = await read(options, NEWEST);
  if (!found.ok) return found;
  const { sessions: list, period, idle } = found.value;
  out.say(...(list.length > 0 ? sessionLines(list, settings, format) : [text('cli.sessions.none')]));
  if (idle.length > 0) out.say('', ...idleLines(idle, period, settings, format));
  return ok(undefined);
}

async function listSessions(options: SessionsOptions): Promise<number> {
  const listing = await openListing(options);
  if (!listing.ok) {
    printError(listing.error);
    return EXIT.failed;
  }
  const folder = dataFolder(options.dataDir);
  const settings = moneyIn(folder, settingsOf(folder));
  const format = formatOf(options);
  try {
    if (options.out !== undefined && !format) {
      printError({ message: text('cli.sessions.noFormat'), next: text('cli.sessions.chooseFormat') });
      return EXIT.usage;
    }
    const done = format
      ? await exportAs(listing.value, format, settings, options)
      : await print(listing.value, settings, options);
    if (!done.ok) printError(done.error);
    return done.ok ? EXIT.ok : EXIT.failed;
  } catch (thrown) {
    printError({ message: text('cli.sessions.failed', { why: messageOf(thrown) }), next: text('cli.sessions.check') });
    return EXIT.failed;
  } finally {
    listing.value.close();
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
