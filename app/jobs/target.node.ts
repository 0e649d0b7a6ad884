import fs from 'node:fs';
import path from 'node:path';
import { explain } from '../history/file/explain.ts';
import { text } from '../core/i18n.ts';
import { err, messageOf, type Err } from '../core/result.ts';

const SQLITE = 'SQLite format 3\0';

function isDatabase(file: string): boolean {
  const handle = fs.openSync(file, 'r');
  try {
    const head = Buffer.alloc(SQLITE.length);
    fs.readSync(handle, head, 0, head.length, 0);
    return head.toString('latin1') === SQLITE;
  } finally {
    fs.closeSync(handle);
  }
}

const real = (file: string): string => (fs.existsSync(file) ? fs.realpathSync(file) : path.resolve(file));

/**
 * Why a file cannot be the target of a job, checked before the work begins; undefined if it can.
 * @param kind an export replaces no database at all; a backup may replace any but the history that it copies
 */
export function refuseTarget(kind: 'export' | 'backup', target: string, databaseFile: string): Err | undefined {
  const folder = path.dirname(target);
  if (!fs.existsSync(folder)) return err('write-failed', text('jobs.noFolder', { folder }), text('jobs.noFolderNext'));
  const stat = fs.statSync(target, { throwIfNoEntry: false });
  const refuse = (why: string): Err => err('write-failed', why, text('jobs.chooseAnotherName'));
  if (stat && !stat.isFile()) return refuse(text('jobs.notAFile', { file: target }));
  if (['', '-wal', '-shm'].some((suffix) => real(target) === real(databaseFile) + suffix)) {
    return refuse(text('jobs.ownFile', { file: target }));
  }
  if (stat && kind === 'export' && isDatabase(target)) {
    return refuse(text('jobs.database', { file: target }));
  }
  return undefined;
}

/** Why a job could not write its target, as an error with a next step. */
export function explainTarget(target: string, thrown: unknown): Err {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code.startsWith('SQLITE_') || /^E(NOSPC|DQUOT|IO|ACCES|PERM|ROFS)$/.test(code))
    return explain(target, thrown, 'copy');
  const why = messageOf(thrown);
  return err('write-failed', text('jobs.notWritable', { file: target, why }), text('historyFile.chooseAnotherPlace'));
}
