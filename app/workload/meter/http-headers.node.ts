import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** Headers that apply to one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export type Header = readonly [name: string, value: string];
type Message = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/** The headers of a message that a proxy passes on, in their order and spelling. */
export function endToEndHeaders({ headers, rawHeaders }: Message): readonly Header[] {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const pairs: Header[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (!HOP_BY_HOP.has(name) && !named.has(name)) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  }
  return pairs;
}

/** A body without a length stays chunked, for every method: Node would send some of them without framing. */
export const framingOf = ({ headers }: Message): readonly Header[] =>
  headers['transfer-encoding'] === undefined ? [] : [['transfer-encoding', 'chunked']];

/** In the form that Node sends. Repeated headers stay repeated. */
export function grouped(pairs: readonly Header[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

/** The beginning of an HTTP/1.1 message, as it is written to a socket. */
export const messageHead = (firstLine: string, headers: readonly Header[]): string =>
  [firstLine, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
