/**
 * Expected failures are values. A code names the cause for programs and translations; `message` is one plain sentence
 * for people; `next` is what they can do. A bug is thrown instead, and caught only at the edge of a process.
 */
export const errorCodes = [
  'invalid-request',
  'invalid-argument',
  'forbidden',
  'not-found',
  'not-ready',
  'busy',
  'timeout',
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

/** What the system's error codes (errno.h) mean to a person. */
const plainWords: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'something else is there already',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
  EIO: 'the disk reports an error',
};

/** The message of anything thrown, for joining into a sentence; a failure of the system in plain words. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return plainWords[(thrown as { readonly code?: string }).code ?? ''] ?? thrown.message;
}
