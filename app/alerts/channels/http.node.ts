import { text } from '../../core/i18n.ts';
import { at, type Json } from '../../core/json.ts';
import { err, ok } from '../../core/result.ts';
import type { SendFailure, SendResult } from './channel.ts';

const LIMIT_MS = 10_000;
/** Only read from an answer that refuses: it may say how long to wait. */
const MOST_BYTES = 16 * 1024;
const LONGEST_WAIT_MS = 6 * 3_600_000;

export type HttpRequest = {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** sent as JSON */
  readonly body?: unknown;
};

/** Statuses that are about this message: its form or its size. */
const ABOUT_MESSAGE = new Set([400, 413, 422]);
const ABOUT_ACCESS = new Set([401, 403, 404, 405, 410]);

/** Names of errors of TLS in Node and OpenSSL. */
const CERTIFICATE = /CERT|SIGNATURE|ISSUER|TLS/;

const tryAgain = (): string => text('channel.error.again');

/** What is wrong, from the code of a thrown error alone: its message may quote the address, which is secret. */
function thrownFailure(thrown: unknown, outer: AbortSignal): SendFailure {
  if (outer.aborted) return err('cancelled', text('channel.error.cancelled'));
  const { name, cause } = thrown as { readonly name?: string; readonly cause?: { readonly code?: unknown } };
  if (name === 'TimeoutError')
    return err('timeout', text('channel.error.timeout', { seconds: LIMIT_MS / 1000 }), tryAgain());
  const code = typeof cause?.code === 'string' && /^[A-Z0-9_]{1,60}$/.test(cause.code) ? cause.code : '';
  if (CERTIFICATE.test(code))
    return err('forbidden', text('channel.error.certificate', { code }), text('channel.error.certificateNext'));
  return err('source-unavailable', text('channel.error.unreachable', { code: code || '?' }), tryAgain());
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const waitMs = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(waitMs) ? Math.min(LONGEST_WAIT_MS, Math.max(0, waitMs)) : undefined;
}

/** Discord puts the wait into `retry_after`, Telegram into `parameters.retry_after`, both in seconds. */
function waitInBody(body: Json): number | undefined {
  const seconds = [at(body, 'retry_after'), at(body, 'parameters', 'retry_after')].find(
    (one) => typeof one === 'number',
  );
  return seconds === undefined ? undefined : Math.min(LONGEST_WAIT_MS, Math.max(0, Number(seconds) * 1000));
}

async function readBody(response: Response): Promise<Json> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > MOST_BYTES) return undefined;
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
  } catch {
    return undefined; // cut off, or no JSON: the status says enough
  }
}

async function refusal(response: Response): Promise<SendFailure> {
  const { status, headers } = response;
  if (status >= 300 && status < 400)
    return err('forbidden', text('channel.error.redirect'), text('channel.error.redirectNext'));
  const waitMs = waitInBody(await readBody(response)) ?? retryAfterMs(headers.get('retry-after'), Date.now());
  const wait = waitMs === undefined ? {} : { retryAfterMs: waitMs };
  if (status === 429) return { ...err('busy', text('channel.error.tooMany'), tryAgain()), ...wait };
  if (ABOUT_ACCESS.has(status))
    return { ...err('forbidden', text('channel.error.access', { status }), text('channel.error.accessNext')), ...wait };
  const refused = { ...err('invalid-request', text('channel.error.status', { status }), tryAgain()), ...wait };
  return ABOUT_MESSAGE.has(status) ? { ...refused, rejected: true } : refused;
}

/** An address as `fetch` takes it: it refuses a name and password in the address, so they become a header. */
function splitAddress(address: string): { url: URL; headers: Record<string, string> } | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  const login = [url.username, url.password].map(decodeURIComponent).join(':');
  [url.username, url.password] = ['', ''];
  return {
    url,
    headers: login === ':' ? {} : { authorization: `Basic ${Buffer.from(login, 'utf8').toString('base64')}` },
  };
}

/** The header of an access token, if there is one. */
export const bearer = (token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

const badAddress = (): SendFailure =>
  err('invalid-argument', text('channel.error.address'), text('channel.error.addressNext'));

/**
 * Sends one request. It follows no redirect, so a secret never reaches another host, verifies certificates as Node does,
 * and limits time and size. A status of 200 to 299 is success; what the answer contains does not matter then.
 */
export async function sendHttp(
  { url, method = 'POST', headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<SendResult> {
  const target = splitAddress(url);
  if (!target) return badAddress();
  try {
    const response = await fetch(target.url, {
      method,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      headers: {
        'user-agent': 'Slowburn',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...target.headers,
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const result: SendResult = response.ok ? ok(undefined) : await refusal(response);
    void response.body?.cancel().catch(() => undefined);
    return result;
  } catch (thrown) {
    return thrownFailure(thrown, signal);
  }
}
