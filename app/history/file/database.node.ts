import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { makePrivateFile, PRIVATE_FILE, tightenFolder } from '../../core/private-files.node.ts';
import { err, messageOf, ok, type Err, type Result } from '../../core/result.ts';
import { makeFolder } from '../../core/folders.node.ts';
import type { Db } from '../db.ts';
import { migrate, SCHEMA } from '../migrations/migrations.ts';
import { packer } from '../codec/packer.node.ts';
import { damagedMark, finishReplacement, isBeingReplaced, replaceHistory } from './replacement.node.ts';

/** SQLite gives its other files the rights of the database. */
function connect(file: string, options: Database.Options): Db {
  if (!options.readonly) makePrivateFile(file);
  return Object.assign(new Database(file, options), { packer });
}

export type OpenedDatabase = {
  readonly db: Db;
  /** where an unreadable file of the same name was moved to, when there was one */
  readonly setAside?: string;
};

const errorCode = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String((thrown as { code: unknown }).code) : '';

export const isCorruption = (thrown: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(thrown));

const notOurs = (file: string): Err =>
  err(
    'database-unusable',
    `The file ${file} is not a history of Slowburn, or its beginning is damaged.`,
    'Name the history with --file; `slowburn db restore` brings a backup back.',
  );

/**
 * What is wrong with a history's file, as a sentence with a next step.
 * @param what the file is: the history itself, or a copy of it
 */
export function explain(file: string, thrown: unknown, what: 'history' | 'copy' = 'history'): Err {
  const code = errorCode(thrown);
  if (code === 'SQLITE_NOTADB') return notOurs(file);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return err(
      'database-busy',
      `The history ${file} is in use by another program.`,
      'Close the other program, then try again.',
    );
  }
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)|^EACCES|^EROFS|^EPERM/.test(code)) {
    return err(
      'database-unusable',
      `The ${what} ${file} cannot be written.`,
      what === 'copy'
        ? 'Choose another place.'
        : 'Make the folder writable for your user, or choose another with --data-dir.',
    );
  }
  if (/^SQLITE_FULL|^ENOSPC/.test(code)) {
    return err('database-unusable', `The disk that holds ${file} is full.`, 'Free some space on it.');
  }
  if (/^SQLITE_IOERR|^EIO/.test(code)) {
    return err(
      'database-unusable',
      `The disk that holds ${file} reports an error (${code}).`,
      'Check the disk and its cable.',
    );
  }
  if (isCorruption(thrown)) {
    return err(
      'database-unusable',
      `The history ${file} is damaged.`,
      'Start Slowburn again: it sets the file aside and begins a new one. `slowburn db check` tells what can be read.',
    );
  }
  return err(
    'database-unusable',
    `The history ${file} cannot be used: ${messageOf(thrown)}.`,
    'Choose another folder with --data-dir.',
  );
}

/** Reads what every start reads: a file that is damaged there is found now, not in the middle of a recording. */
function probe(db: Db): void {
  for (const table of ['gpu', 'tick', 'chunk', 'gap', 'alert', 'session', 'event', 'wear_state']) {
    db.prepare(`SELECT count(*), max(rowid) FROM ${table}`).get();
  }
}

const newer = (file: string): Err =>
  err(
    'database-newer',
    `The history ${file} was written by a newer version of Slowburn.`,
    'Update Slowburn, or choose another folder with --data-dir. The file was not changed.',
  );

/** Throws where the file is damaged, locked or cannot be written. */
function open(file: string): Result<Db> {
  const db = connect(file, { timeout: 5000 });
  try {
    // looked at before anything is set: a file from the future must not change by a byte
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > SCHEMA) {
      db.close();
      return newer(file);
    }
    if (version === 0 && db.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() !== undefined) {
      db.close();
      return notOurs(file);
    }
    // freed room can go back to the disk a piece at a time: an empty file takes this at once, others when they migrate
    if (version < SCHEMA) db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL'); // a killed process loses nothing committed; a power cut may lose the last second
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
  if (isBeingReplaced(file)) return replacing(file);
  try {
    return open(file);
  } catch (thrown) {
    return explain(file, thrown);
  }
}

/** Moves a damaged history aside, with its WAL, under a name that says so. Nothing is deleted. */
function setAside(file: string, stamp: string): string {
  const target = `${file}.damaged-${stamp}`;
  replaceHistory(file, { aside: path.basename(target) });
  return target;
}

const replacing = (file: string): Err =>
  err(
    'database-busy',
    `A restore of ${file} is under way, or was interrupted.`,
    'Wait for it, or start Slowburn or any `slowburn db` command: each completes it.',
  );

/** Notes that a history was found damaged while it was in use: it is set aside when it is opened next. */
export const markDamaged = (file: string): void => fs.writeFileSync(damagedMark(file), '', { mode: PRIVATE_FILE });

/**
 * Opens a history for writing and brings its schema up to date. A damaged file is renamed and a new one begun; a file
 * from a newer version, a locked or a read-only one is refused with a sentence and left as it is. A restore that was
 * interrupted is completed first: the caller holds the recorder's lock, or knows who does.
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

/** The schema of an existing history, without changing it; undefined: it cannot be told. */
export function schemaOf(file: string): number | undefined {
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    const version = db.pragma('user_version', { simple: true }) as number;
    db.close();
    return version;
  } catch {
    return undefined; // not there or not readable: whoever opens it says why
  }
}

export const isOutdated = (file: string): boolean => {
  const version = schemaOf(file);
  return version !== undefined && version > 0 && version < SCHEMA;
};

/** A new, empty file without a schema, for a copy to be written into. */
export function openBlank(file: string): Db {
  const db = connect(file, {});
  db.pragma('journal_mode = OFF'); // a copy that was not finished is thrown away
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma('synchronous = OFF');
  return db;
}

/** Opens an existing history for reading only, beside a collector that writes it. */
export function openForReading(file: string): Result<Db> {
  if (isBeingReplaced(file)) return replacing(file);
  if (!fs.existsSync(file)) return err('not-found', `There is no file ${file}.`);
  try {
    const db = connect(file, { readonly: true, fileMustExist: true, timeout: 5000 });
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version === SCHEMA) return ok(db);
    db.close();
    if (version > SCHEMA) return newer(file);
    if (version === 0) return notOurs(file);
    return err(
      'database-unusable',
      `The history ${file} was written by an older version of Slowburn.`,
      'Start Slowburn once, or run `slowburn db compact`: either brings it up to date.',
    );
  } catch (thrown) {
    return explain(file, thrown);
  }
}

/**
 * One recorder a folder: the lock is SQLite's own, so it goes with the process however that ends.
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
    if (!/^SQLITE_(BUSY|LOCKED)/.test(errorCode(thrown))) return explain(file, thrown);
    return err(
      'database-busy',
      `Another Slowburn is already recording into ${folder}.`,
      'Use that one, close it, or choose another folder with --data-dir.',
    );
  }
}
