import http, { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import https from 'node:https';
import { isIP, type AddressInfo, type Socket } from 'node:net';
import os from 'node:os';
import type { Duplex } from 'node:stream';
import zlib from 'node:zlib';
import { err, ok, type Result } from '../../core/result.ts';
import { counterFor, type Counter, type Totals } from './counts.ts';

/** Headers that hold for one connection alone (RFC 9110 §7.6.1). */
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
const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
/**
 * A connection that the server closes just as it is used again would fail a request that had not failed without us:
 * servers wait for two seconds and more (uvicorn, llama.cpp and Node for five), so ours are closed before.
 */
const IDLE_MS = 1_000;
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);
export const isLoopback = (host: string): boolean =>
  LOOPBACK_NAMES.has(host) || host === '::1' || /^127(\.\d+){3}$/.test(host);
/** A copy that falls this far behind is given up: the answer itself is never held back for the counting. */
const MOST_BEHIND = 16 * 1024 * 1024;

export type MeterOptions = {
  readonly to: URL;
  readonly port: number;
  readonly host?: string;
  readonly onTotals?: (totals: Totals) => void;
};

export type Meter = { readonly port: number; readonly totals: () => Totals; readonly close: () => Promise<void> };

const passedOn = (message: IncomingMessage): [string, string][] => {
  const named = new Set((message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const pairs: [string, string][] = [];
  for (let i = 0; i < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i]!.toLowerCase();
    if (!HOP_BY_HOP.has(name) && !named.has(name)) pairs.push([message.rawHeaders[i]!, message.rawHeaders[i + 1]!]);
  }
  return pairs;
};

/** A body without a length is chunked, for every method: Node would send it unframed with some of them. */
const framing = ({ headers }: IncomingMessage): [string, string][] =>
  headers['transfer-encoding'] === undefined ? [] : [['transfer-encoding', 'chunked']];

/** Repeated headers stay repeated. */
const grouped = (pairs: readonly (readonly [string, string])[]): OutgoingHttpHeaders => {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
};

function decoderFor(encoding: string): (Duplex & zlib.Zlib) | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip();
  if (encoding === 'deflate') return zlib.createInflate();
  return encoding === 'br' ? zlib.createBrotliDecompress() : undefined;
}

/** Feeds a copy of an answer to its counter, unpacked where the server packed it. `done` hears of the end once. */
function countCopy(answer: IncomingMessage, counter: Counter, done: () => void): void {
  const encoding = String(answer.headers['content-encoding'] ?? 'identity');
  if (encoding === 'identity') {
    answer.on('data', (piece: Buffer) => counter.feed(piece));
    answer.on('close', done);
    return;
  }
  const decoder = decoderFor(encoding);
  if (!decoder) return done();
  decoder.on('data', (piece: Buffer) => counter.feed(piece));
  decoder.on('error', () => decoder.destroy()); // cut off, or not what its header says: what came so far counts
  decoder.on('close', done);
  answer.on('data', (piece: Buffer) => {
    if (decoder.writableLength > MOST_BEHIND) decoder.destroy();
    else if (!decoder.destroyed) decoder.write(piece);
  });
  answer.on('close', () => decoder.end());
}

/**
 * A metering proxy: passes every request on untouched, streaming both ways with backpressure, and counts tokens, images
 * and time in a copy of the answers. It answers on loopback, to loopback's own names, and speaks to one server alone.
 */
export async function openMeter({ to, port, host = '127.0.0.1', onTotals }: MeterOptions): Promise<Result<Meter>> {
  const client = to.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true, timeout: IDLE_MS });
  const prefix = to.pathname.replace(/\/$/, '');
  let totals: Totals = {
    requests: 0,
    running: 0,
    tokens: 0,
    promptTokens: 0,
    images: 0,
    atLeast: false,
    busyMs: 0,
  };
  let busySince = 0;
  const sockets = new Set<Socket | Duplex>();

  const change = (by: Partial<Totals>): void => {
    totals = { ...totals, ...by };
    onTotals?.(totals);
  };
  function began(): void {
    if (totals.running === 0) busySince = performance.now();
    change({ requests: totals.requests + 1, running: totals.running + 1 });
  }
  function ended(): void {
    const running = totals.running - 1;
    change({ running, busyMs: totals.busyMs + (running === 0 ? performance.now() - busySince : 0) });
  }
  function counted(counter: Counter): void {
    const { tokens, promptTokens, images, model, atLeast } = counter.result();
    change({
      tokens: totals.tokens + tokens,
      promptTokens: totals.promptTokens + promptTokens,
      images: totals.images + images,
      atLeast: totals.atLeast || atLeast === true,
      ...(model && { model }),
    });
  }

  /** A page in a browser may name any host and have it lead here; loopback's own names are all that is served. */
  const isOurs = (request: IncomingMessage): boolean => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    // names may be made to lead here by a stranger's DNS, addresses may not
    const everywhere = ANY_ADDRESS.has(host) && (isIP(name.replace(/^\[|\]$/g, '')) > 0 || name === os.hostname());
    return LOOPBACK_NAMES.has(name) || name === host || everywhere;
  };
  const options = (request: IncomingMessage, more: readonly (readonly [string, string])[] = []) => ({
    protocol: to.protocol,
    hostname: to.hostname.replace(/^\[|\]$/g, ''),
    port: to.port || (to.protocol === 'https:' ? 443 : 80),
    method: request.method,
    path: prefix + (request.url ?? '/'),
    headers: grouped([
      ...passedOn(request).filter(([name]) => name.toLowerCase() !== 'host'),
      ['host', to.host],
      ...more,
    ]),
    setHost: false,
  });

  function refuse(response: ServerResponse, status: number, message: string): void {
    if (response.headersSent) return void response.destroy();
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message, type: 'slowburn_meter' } }));
  }

  const server = http.createServer((request, response) => {
    if (!isOurs(request)) return refuse(response, 403, 'slowburn meter answers to loopback names alone.');
    began();
    response.on('close', ended);
    const upstream = client.request({ ...options(request, framing(request)), agent }, (answer) => {
      response.sendDate = false; // the server's own, or none
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', grouped(passedOn(answer)));
      response.flushHeaders();
      const counter = answer.statusCode === 200 ? counterFor(answer.headers['content-type'] ?? '') : undefined;
      if (counter) countCopy(answer, counter, () => counted(counter));
      answer.pipe(response, { end: false });
      answer.on('end', () => {
        if (Object.keys(answer.trailers).length > 0) response.addTrailers(answer.trailers);
        response.end();
      });
      // an answer that breaks off must not look whole
      answer.on('error', () => response.destroy());
      answer.on('aborted', () => response.destroy());
    });
    upstream.on('error', (error: NodeJS.ErrnoException) =>
      refuse(response, 502, `${to.origin} could not be reached: ${error.code ?? error.message}`),
    );
    request.on('error', () => upstream.destroy());
    response.on('close', () => {
      if (!response.writableFinished) upstream.destroy(); // the person stopped it: so does the server
    });
    request.pipe(upstream);
  });

  // a WebSocket (ComfyUI's, or a realtime API) is passed through as it is
  server.on('upgrade', (request, socket, head) => {
    if (!isOurs(request)) return void socket.destroy();
    sockets.add(socket);
    const asked = client.request({
      ...options(request, [
        ['connection', 'upgrade'],
        ['upgrade', request.headers.upgrade ?? ''],
      ]),
      agent: false,
    });
    const end = (): void => {
      sockets.delete(socket);
      socket.destroy();
      asked.destroy();
    };
    asked.on('upgrade', (answer, other, otherHead) => {
      const lines = passedOn(answer).map(([name, value]) => `${name}: ${value}`);
      socket.write(
        [
          'HTTP/1.1 101 Switching Protocols',
          'connection: upgrade',
          `upgrade: ${answer.headers.upgrade ?? ''}`,
          ...lines,
        ]
          .join('\r\n')
          .concat('\r\n\r\n'),
      );
      socket.write(otherHead);
      other.write(head);
      other.pipe(socket).pipe(other);
      other.on('error', end);
      other.on('close', end);
    });
    asked.on('response', (answer) => {
      // refused, in the server's own words
      const lines = passedOn(answer).map(([name, value]) => `${name}: ${value}`);
      socket.write(
        [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, 'connection: close', ...lines]
          .join('\r\n')
          .concat('\r\n\r\n'),
      );
      answer.pipe(socket);
      answer.on('end', end);
    });
    asked.on('error', end);
    socket.on('error', end);
    socket.on('close', end);
    asked.end();
  });
  server.requestTimeout = 0; // a generation takes as long as it takes
  server.timeout = 0;

  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        error.code === 'EADDRINUSE'
          ? err('invalid-argument', `Port ${port} is in use.`, 'Give another with --port.')
          : err('invalid-argument', `The meter could not listen on ${host}:${port}: ${error.message}`),
      ),
    );
    server.listen(port, host, () =>
      resolve(
        ok({
          port: (server.address() as AddressInfo).port,
          totals: () => totals,
          close: () =>
            new Promise<void>((closed) => {
              server.close(() => closed());
              server.closeAllConnections();
              sockets.forEach((socket) => socket.destroy());
              agent.destroy();
            }),
        }),
      ),
    );
  });
}
