import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { makePrivateFile, PRIVATE_FILE, tightenFolder } from '../../core/private-files.node.ts';
import { text } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { makeFolder } from '../../core/folders.node.ts';
import type { Db } from '../db.ts';
import { explain, isCorruption, isLocked, newer, notOurs, older, restoring } from './explain.ts';
import { migrate, SCHEMA } from '../migrations/migrations.ts';
import { packer } from '../codec/packer.node.ts';
import { damagedMark, finishReplacement, isBeingReplaced, replaceHistory } from './replacement.node.ts';

/** SQLite gives its other files the rights of the database. */
function connect(file: string, options: Database.Options): Db {
  if (!options.readonly && file !== ':memory:') makePrivateFile(file); // SQLite's name for a database without a file
  return Object.assign(new Database(file, options), { packer });
}

export type OpenedDatabase = {
  readonly db: Db;
  /** where an unreadable file of the same name was moved to, when there was one */
  readonly setAside?: string;
};

/** Reads what every start reads, so that damage is found now and not while recording. */
function probe(db: Db): void {
  for (const table of ['gpu', 'tick', 'chunk', 'gap', 'alert', 'session', 'event', 'wear_state']) {
    db.prepare(`SELECT count(*), max(rowid) FROM ${table}`).get();
  }
}

/** Throws where the file is damaged, locked or cannot be written. */
function open(file: string): Result<Db> {
  const db = connect(file, { timeout: 5000 });
  try {
    // checked before any setting: a file of a newer version must not change by a byte
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > SCHEMA) {
      db.close();
      return newer(file);
    }
    if (version === 0 && db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() !== undefined) {
      db.close();
      return notOurs(file);
    }
    // freed space can return to the disk piece by piece: an empty file takes this at once, others when they migrate
    if (version < SCHEMA) db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    // a killed process loses nothing that was committed; a power cut loses what was not flushed yet (log-flush.node.ts)
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    migrate(db);
    probe(db);
    return ok(db);
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** Opens an existing history for writing and brings its schema up to date; a damaged one is left where it is. */
export function openExisting(file: string): Result<Db> {
  if (isBeingReplaced(file)) return restoring(file);
  try {
    return open(file);
  } catch (thrown) {
    return explain(file, thrown);
  }
}

/** Moves a damaged history and its write-ahead log aside under a name that says so. Nothing is deleted. */
function setAside(file: string, stamp: string): string {
  const target = `${file}.damaged-${stamp}`;
  replaceHistory(file, { aside: path.basename(target) });
  return target;
}

/** Notes that a history was found damaged while it was in use: it is set aside when it is opened next. */
export const markDamaged = (file: string): void => fs.writeFileSync(damagedMark(file), '', { mode: PRIVATE_FILE });

/**
 * Opens a history for writing and brings its schema up to date. A damaged file is renamed and a new history begins. A
 * file from a newer version, a locked one or a read-only one is refused and left unchanged. An interrupted restore is
 * completed first: the caller holds the recorder's lock, or knows which process does.
 */
export function openDatabase(file: string): Result<OpenedDatabase> {
  try {
    makeFolder(path.dirname(file));
    finishReplacement(file);
    if (!fs.existsSync(damagedMark(file))) {
      const opened = open(file);
      return opened.ok ? ok({ db: opened.value }) : opened;
    }
  } catch (thrown) {
    if (!isCorruption(thrown)) return explain(file, thrown);
  }
  try {
    const aside = setAside(file, new Date().toISOString().replaceAll(/[:.]/g, '-'));
    const opened = open(file);
    return opened.ok ? ok({ db: opened.value, setAside: aside }) : opened;
  } catch (thrown) {
    return explain(file, thrown);
  }
}

/** The schema of an existing history, without changing it; undefined if the file is missing or unreadable. */
export function schemaOf(file: string): number | undefined {
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    const version = db.pragma('user_version', { simple: true }) as number;
    db.close();
    return version;
  } catch {
    return undefined; // opening it says why
  }
}

export const isOutdated = (file: string): boolean => {
  const version = schemaOf(file);
  return version !== undefined && version > 0 && version < SCHEMA;
};

/** A new, empty file without a schema, as the target of a copy. */
export function openBlank(file: string): Db {
  const db = connect(file, {});
  db.pragma('journal_mode = OFF'); // an unfinished copy is deleted
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma('synchronous = OFF');
  return db;
}

/** Opens an existing history for reading only, beside a collector that writes it. */
export function openForReading(file: string): Result<Db> {
  if (isBeingReplaced(file)) return restoring(file);
  if (!fs.existsSync(file)) return err('not-found', text('historyFile.missing', { file }));
  try {
    const db = connect(file, { readonly: true, fileMustExist: true, timeout: 5000 });
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version === SCHEMA) return ok(db);
    db.close();
    if (version > SCHEMA) return newer(file);
    if (version === 0) return notOurs(file);
    return older(file);
  } catch (thrown) {
    return explain(file, thrown);
  }
}

/**
 * One recorder per folder. The lock is SQLite's own, so the system releases it when the process ends.
 * @returns a function that releases it
 */
export function lockRecorder(folder: string): Result<() => void> {
  const file = path.join(folder, 'recorder.lock');
  try {
    makeFolder(folder);
    tightenFolder(folder);
    makePrivateFile(file);
    const lock = new Database(file, { timeout: 0 });
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
    return ok(() => lock.close());
  } catch (thrown) {
    if (!isLocked(thrown)) return explain(file, thrown);
    return err('database-busy', text('historyFile.recording', { folder }), text('historyFile.recordingNext'));
  }
}
