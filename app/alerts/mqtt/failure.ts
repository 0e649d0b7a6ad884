import { text } from '../../core/i18n.ts';
import { at } from '../../core/json.ts';
import { err, type Err } from '../../core/result.ts';

export type BrokerAddress = { readonly host: string; readonly port: number };

/** CONNACK return codes of MQTT 3.1.1 (3.2.2.3). */
const RETURN_CODES: Readonly<Record<number, Kind>> = { 3: 'unavailable', 4: 'login', 5: 'login' };
/** Codes of Node and OpenSSL. */
const CERTIFICATE = /CERT|SIGNATURE|ISSUER|ALTNAME/;
const NO_TLS = /EPROTO|WRONG_VERSION|SSL_/;

type Kind = 'unavailable' | 'login' | 'certificate' | 'noTls' | 'dns' | 'timeout' | 'unreachable' | 'closed';

function kindOf(thrown: unknown): Kind {
  const code = at(thrown, 'code');
  if (typeof code === 'number') return RETURN_CODES[code] ?? 'unavailable';
  if (typeof code !== 'string') return /timeout/i.test(String(at(thrown, 'message'))) ? 'timeout' : 'closed';
  if (CERTIFICATE.test(code)) return 'certificate';
  if (NO_TLS.test(code)) return 'noTls';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns';
  return code === 'ETIMEDOUT' ? 'timeout' : code === 'ECONNRESET' ? 'closed' : 'unreachable';
}

/** Why the broker cannot be used, from what the client threw; undefined: it closed the connection without a word. */
export function brokerFailure(thrown: unknown, { host, port }: BrokerAddress): Err {
  const kind = kindOf(thrown);
  const code =
    kind === 'timeout' ? 'timeout' : kind === 'login' || kind === 'certificate' ? 'forbidden' : 'source-unavailable';
  return err(code, text(`mqtt.error.${kind}`, { server: `${host}:${port}`, host }), text(`mqtt.errorNext.${kind}`));
}
