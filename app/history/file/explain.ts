import { text } from '../../core/i18n.ts';
import { err, messageOf, type Err } from '../../core/result.ts';

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String((thrown as { code: unknown }).code) : '';

export const isCorruption = (thrown: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(thrown));
export const isLocked = (thrown: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(codeOf(thrown));

export const notOurs = (file: string): Err =>
  err('database-unusable', text('historyFile.notOurs', { file }), text('historyFile.notOursNext'));

export const newer = (file: string): Err =>
  err('database-newer', text('historyFile.newer', { file }), text('historyFile.newerNext'));

export const older = (file: string): Err =>
  err('database-unusable', text('historyFile.older', { file }), text('historyFile.olderNext'));

export const restoring = (file: string): Err =>
  err('database-busy', text('historyFile.restoring', { file }), text('historyFile.restoringNext'));

/** What a file is: the history itself, or a copy of it. */
type What = 'history' | 'copy';

const notWritable = (file: string, what: What): Err =>
  what === 'copy'
    ? err('database-unusable', text('historyFile.copyNotWritable', { file }), text('historyFile.chooseAnotherPlace'))
    : err('database-unusable', text('historyFile.notWritable', { file }), text('historyFile.notWritableNext'));

type Cause = {
  /** codes of SQLite or of the system */
  readonly codes: RegExp;
  readonly fault: (file: string, what: What, code: string) => Err;
};

/** The first that fits applies. */
const causes: readonly Cause[] = [
  { codes: /^SQLITE_NOTADB/, fault: notOurs },
  {
    codes: /^SQLITE_(BUSY|LOCKED)/,
    fault: (file) => err('database-busy', text('historyFile.inUse', { file }), text('historyFile.inUseNext')),
  },
  { codes: /^SQLITE_(READONLY|CANTOPEN|PERM)|^EACCES|^EROFS|^EPERM/, fault: notWritable },
  {
    codes: /^SQLITE_FULL|^ENOSPC/,
    fault: (file) => err('database-unusable', text('historyFile.diskFull', { file }), text('historyFile.diskFullNext')),
  },
  {
    codes: /^SQLITE_IOERR|^EIO/,
    fault: (file, _, code) =>
      err('database-unusable', text('historyFile.diskError', { file, code }), text('historyFile.diskErrorNext')),
  },
  {
    codes: /^SQLITE_CORRUPT/,
    fault: (file) => err('database-unusable', text('historyFile.damaged', { file }), text('historyFile.damagedNext')),
  },
];

/** What is wrong with a history's file, as a sentence with a next step. */
export function explain(file: string, thrown: unknown, what: What = 'history'): Err {
  const code = codeOf(thrown);
  const cause = causes.find(({ codes }) => codes.test(code));
  if (cause) return cause.fault(file, what, code);
  const why = messageOf(thrown);
  return err('database-unusable', text('historyFile.unusable', { file, why }), text('historyFile.chooseFolder'));
}
