import http, { type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { text } from '../../core/i18n.ts';
import { countCopy } from './count-copy.node.ts';
import { counterFor } from './counter.ts';
import type { Counts } from './counts.ts';
import { endToEndHeaders, framingOf, grouped, messageHead, type Header } from './http-headers.node.ts';
import type { createTotals } from './running-totals.ts';

/**
 * A kept connection that the server closes at the moment of its reuse would fail a request that the client sent
 * correctly. Servers keep connections for two seconds and longer (uvicorn, llama.cpp and Node for five), so the meter
 * closes its own earlier.
 */
const IDLE_MS = 1_000;

export function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message, type: 'slowburn_meter' } }));
}

/** Only an answer to POST can hold generated content that was missed: a list of models that broke off holds none. */
const asked = ({ method }: IncomingMessage, counts: Counts): Counts =>
  method === 'POST' || counts.tokens > 0 ? counts : { ...counts, atLeast: false };

/** Passes requests to one server and its answers back, and counts a copy of the answers. */
export function openPassage(to: URL, totals: ReturnType<typeof createTotals>) {
  const client = to.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true, timeout: IDLE_MS });
  const prefix = to.pathname.replace(/\/$/, '');
  const sockets = new Set<Duplex>();

  const optionsOf = (request: IncomingMessage, more: readonly Header[]): RequestOptions => ({
    protocol: to.protocol,
    hostname: to.hostname.replace(/^\[|\]$/g, ''),
    port: to.port || (to.protocol === 'https:' ? 443 : 80),
    method: request.method,
    path: prefix + (request.url ?? '/'),
    headers: grouped([
      ...endToEndHeaders(request).filter(([name]) => name.toLowerCase() !== 'host'),
      ['host', to.host],
      ...more,
    ]),
    setHost: false,
  });

  function passBack(request: IncomingMessage, answer: IncomingMessage, response: ServerResponse): void {
    response.sendDate = false; // the server's own date header, or none
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', grouped(endToEndHeaders(answer)));
    response.flushHeaders();
    const made = Math.floor((answer.statusCode ?? 0) / 100) === 2;
    const counter = made ? counterFor(answer.headers['content-type'] ?? '', request.url) : undefined;
    if (counter) countCopy(answer, counter, () => totals.add(asked(request, counter.result())));
    answer.pipe(response, { end: false });
    answer.on('end', () => {
      if (Object.keys(answer.trailers).length > 0) response.addTrailers(answer.trailers);
      response.end();
    });
    // an answer that breaks off must not look complete
    answer.on('error', () => response.destroy());
    answer.on('aborted', () => response.destroy());
  }

  return {
    request(request: IncomingMessage, response: ServerResponse): void {
      totals.requestBegan();
      response.on('close', () => totals.requestEnded());
      const upstream = client.request({ ...optionsOf(request, framingOf(request)), agent }, (answer) =>
        passBack(request, answer, response),
      );
      upstream.on('error', (error: NodeJS.ErrnoException) => {
        const cause = error.code ?? error.message;
        refuse(response, 502, text('workload.meterUpstream', { origin: to.origin, cause }));
      });
      request.on('error', () => upstream.destroy());
      response.on('close', () => {
        if (!response.writableFinished) upstream.destroy(); // the client cancelled: so must the server
      });
      request.pipe(upstream);
    },

    /** A WebSocket, such as ComfyUI's or that of a realtime API, is passed through unchanged. */
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      sockets.add(socket);
      const upgradeTo = (value: string | undefined): Header[] => [
        ['connection', 'upgrade'],
        ['upgrade', value ?? ''],
      ];
      const upstream = client.request({ ...optionsOf(request, upgradeTo(request.headers.upgrade)), agent: false });
      const end = (): void => {
        sockets.delete(socket);
        socket.destroy();
        upstream.destroy();
      };
      upstream.on('upgrade', (answer, other, otherHead) => {
        const headers = [...upgradeTo(answer.headers.upgrade), ...endToEndHeaders(answer)];
        socket.write(messageHead('HTTP/1.1 101 Switching Protocols', headers));
        socket.write(otherHead);
        other.write(head);
        other.pipe(socket).pipe(other);
        other.on('error', end);
        other.on('close', end);
      });
      upstream.on('response', (answer) => {
        // refused: the client gets the server's own answer
        const status = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`;
        socket.write(messageHead(status, [['connection', 'close'], ...endToEndHeaders(answer)]));
        answer.pipe(socket);
        answer.on('end', end);
      });
      upstream.on('error', end);
      socket.on('error', end);
      socket.on('close', end);
      upstream.end();
    },

    close(): void {
      sockets.forEach((socket) => socket.destroy());
      agent.destroy();
    },
  };
}
