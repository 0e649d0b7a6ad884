import { text } from './i18n.ts';

/**
 * Expected failures are values; a bug is thrown and caught only at the edge of a process. `code` names the cause for
 * programs. `message` is one plain sentence for people, and `next` is what they can do.
 */
export const errorCodes = [
  'invalid-request',
  'invalid-argument',
  'forbidden',
  'not-found',
  'not-ready',
  'busy',
  'timeout',
  'other-version',
  'source-unavailable',
  'recording-unreadable',
  'database-unusable',
  'database-newer',
  'database-busy',
  'settings-unreadable',
  'write-failed',
  'cancelled',
  'too-large',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export type AppError = { readonly code: ErrorCode; readonly message: string; readonly next?: string };
export type Ok<T> = { readonly ok: true; readonly value: T };
export type Err = { readonly ok: false; readonly error: AppError };
export type Result<T> = Ok<T> | Err;

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value });

export const err = (code: ErrorCode, message: string, next?: string): Err => ({
  ok: false,
  error: next === undefined ? { code, message } : { code, message, next },
});

/** Error codes of the system (errno.h) that have a sentence in the language files. */
const errnoCodes = [
  'ENOENT',
  'EACCES',
  'EPERM',
  'EISDIR',
  'ENOTDIR',
  'EEXIST',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EMFILE',
  'EIO',
] as const;

/** The message of anything thrown, as a part of a sentence. Errors of the system are put in plain words. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { code } = thrown as { readonly code?: unknown };
  const errno = errnoCodes.find((known) => known === code);
  return errno === undefined ? thrown.message : text(`errno.${errno}`);
}
