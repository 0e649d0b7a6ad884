import { text } from '../../core/i18n.ts';
import { at, numberAt } from '../../core/json.ts';
import { err } from '../../core/result.ts';
import type { SendFailure } from './channel.ts';

export type MailServer = { readonly host: string; readonly port: number };

/** OpenSSL's and Node's words about certificates: nodemailer replaces their codes by its own. */
const CERTIFICATE = /certificate|self.signed|altname/i;
const NO_TLS = /wrong version number|packet length too long|unsupported protocol/i;

/** Codes of nodemailer that need no further look (its errors.ts). */
const KINDS = {
  EDNS: 'dns',
  ETIMEDOUT: 'timeout',
  EAUTH: 'login',
  ENOAUTH: 'login',
  ETLS: 'startTls',
  ECONNECTION: 'closed',
} as const;

type Kind = (typeof KINDS)[keyof typeof KINDS] | 'certificate' | 'noTls' | 'loginNeeded' | 'unreachable';

/** Codes of SMTP about the login (RFC 4954): everything is refused until the user and password are right. */
const ABOUT_LOGIN = new Set([530, 534, 535, 538]);

/** What is wrong with the server or the access to it: the message itself may arrive later. */
function kindOf(thrown: unknown): Kind {
  const code = at(thrown, 'code');
  const message = thrown instanceof Error ? thrown.message : '';
  if (ABOUT_LOGIN.has(numberAt(thrown, 'responseCode') ?? 0)) return code === 'EAUTH' ? 'login' : 'loginNeeded';
  if (CERTIFICATE.test(message)) return 'certificate';
  if (NO_TLS.test(message)) return 'noTls';
  return typeof code === 'string' && code in KINDS ? KINDS[code as keyof typeof KINDS] : 'unreachable';
}

/** What a server refused: a code says it, as its words may contain addresses. */
export function refusal(responseCode: number, permanent: boolean): SendFailure {
  const next = text(permanent ? 'channel.email.refusedNext' : 'channel.error.again');
  const refused = err('forbidden', text('channel.email.refused', { code: responseCode }), next);
  return permanent ? { ...refused, rejected: true } : refused;
}

/**
 * Why a message could not be sent, from what nodemailer threw. Only a message that the server refused for good (5xx, RFC
 * 5321, 4.2.1) counts as rejected: a wrong password can be corrected.
 */
export function mailFailure(thrown: unknown, { host, port }: MailServer): SendFailure {
  const code = at(thrown, 'code');
  if (code === 'EABORT') return err('cancelled', text('channel.error.cancelled'));
  const responseCode = numberAt(thrown, 'responseCode');
  const isAnswer = code === 'EENVELOPE' || code === 'EMESSAGE';
  if (isAnswer && responseCode !== undefined && !ABOUT_LOGIN.has(responseCode))
    return refusal(responseCode, at(thrown, 'permanent') === true);
  if (isAnswer && responseCode === undefined)
    return {
      ...err('invalid-argument', text('channel.email.address'), text('channel.email.addressNext')),
      rejected: true,
    };
  const kind = kindOf(thrown);
  const server = `${host}:${port}`;
  return err(
    kind === 'timeout' ? 'timeout' : kind === 'unreachable' || kind === 'dns' ? 'source-unavailable' : 'forbidden',
    text(`channel.email.error.${kind}`, { server, host }),
    text(`channel.email.errorNext.${kind}`),
  );
}
