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
  'timeout',
  'source-unavailable',
  'recording-unreadable',
  'database-unusable',
  'database-newer',
  'database-busy',
  'settings-unreadable',
  'write-failed',
  'cancelled',
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

/** The message of anything thrown, for joining into a sentence. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
