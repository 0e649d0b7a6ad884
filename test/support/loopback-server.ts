import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type LoopbackServer = {
  readonly port: number;
  /** requests it has seen, as "METHOD path" */
  readonly seen: string[];
  readonly connections: () => number;
};

/** A real server on loopback, closed after the test. */
export async function serve(handler: http.RequestListener): Promise<LoopbackServer> {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    handler(request, response);
  });
  server.keepAliveTimeout = 60_000;
  const sockets = new Set<object>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen, connections: () => sockets.size };
}

/** Replays an exchange: path → answer; text as it is, anything else as JSON. */
export const replaying =
  (exchange: () => Readonly<Record<string, unknown>>): http.RequestListener =>
  (request, response) => {
    const answer = exchange()[request.url!.split('?')[0]!];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? { detail: 'Not Found' }));
  };
