import fs from 'node:fs';
import path from 'node:path';
import { explain } from '../history/file/database.node.ts';
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
 * Why a file cannot be written as the target of a job, looked at before the work begins; undefined: it can.
 * @param kind an export takes the place of no database at all, a backup not that of the history it copies
 */
export function refuseTarget(kind: 'export' | 'backup', target: string, databaseFile: string): Err | undefined {
  const folder = path.dirname(target);
  if (!fs.existsSync(folder))
    return err('write-failed', `There is no folder ${folder}.`, 'Make it, or choose another.');
  const stat = fs.statSync(target, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) return err('write-failed', `${target} is not a file.`, 'Choose another name.');
  if (['', '-wal', '-shm'].some((suffix) => real(target) === real(databaseFile) + suffix)) {
    return err('write-failed', `${target} belongs to the history itself.`, 'Choose another name.');
  }
  if (stat && kind === 'export' && isDatabase(target)) {
    return err('write-failed', `${target} is a database, perhaps a history.`, 'Choose another name.');
  }
  return undefined;
}

/** What came between a job and its target, as a sentence. */
export function explainTarget(target: string, thrown: unknown): Err {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code.startsWith('SQLITE_') || /^E(NOSPC|DQUOT|IO|ACCES|PERM|ROFS)$/.test(code))
    return explain(target, thrown, 'copy');
  return err('write-failed', `The file ${target} cannot be written: ${messageOf(thrown)}`, 'Choose another place.');
}
