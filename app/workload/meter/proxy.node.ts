import http, { type IncomingMessage } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import os from 'node:os';
import { text } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Totals } from './counts.ts';
import { openPassage, refuse } from './passage.node.ts';
import { createTotals } from './running-totals.ts';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

export const isLoopback = (host: string): boolean =>
  LOOPBACK_NAMES.has(host) || host === '::1' || /^127(\.\d+){3}$/.test(host);

export type MeterOptions = {
  /** the server behind the meter */
  readonly to: URL;
  /** 0: any free port */
  readonly port: number;
  readonly host?: string;
  /** further names under which clients may reach the meter, such as host.docker.internal */
  readonly allowHosts?: readonly string[];
  readonly onTotals?: (totals: Totals) => void;
};

export type Meter = { readonly port: number; readonly totals: () => Totals; readonly close: () => Promise<void> };

/**
 * Whether a request names this machine. A page in a browser can make any name resolve to this machine (DNS rebinding),
 * so names other than loopback's and those that the user allowed are refused. Addresses cannot be made to lead here.
 */
function isAddressedHere({ headers }: IncomingMessage, host: string, allowed: ReadonlySet<string>): boolean {
  const name = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (LOOPBACK_NAMES.has(name) || name === host || allowed.has(name)) return true;
  return ANY_ADDRESS.has(host) && (isIP(name.replace(/^\[|\]$/g, '')) > 0 || name === os.hostname());
}

/**
 * A metering proxy. It passes every request on unchanged, streams both ways with backpressure, and counts tokens, images
 * and time in a copy of the answers. It connects to one server only.
 */
export async function openMeter({
  to,
  port,
  host = '127.0.0.1',
  allowHosts = [],
  onTotals,
}: MeterOptions): Promise<Result<Meter>> {
  const allowed = new Set(allowHosts.map((name) => name.toLowerCase()));
  const totals = createTotals((now) => onTotals?.(now));
  const passage = openPassage(to, totals);
  const server = http.createServer((request, response) => {
    if (isAddressedHere(request, host, allowed)) passage.request(request, response);
    else refuse(response, 403, text('workload.meterForeignName', { name: request.headers.host ?? '' }));
  });
  server.on('upgrade', (request, socket, head) => {
    if (isAddressedHere(request, host, allowed)) passage.upgrade(request, socket, head);
    else socket.destroy();
  });
  server.requestTimeout = 0; // a generation may take any time
  server.timeout = 0;

  const close = (): Promise<void> =>
    new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
      passage.close();
    });
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        error.code === 'EADDRINUSE'
          ? err('invalid-argument', text('workload.meterPortInUse', { port }), text('workload.meterOtherPort'))
          : err('invalid-argument', text('workload.meterCannotListen', { host, port, cause: error.message })),
      ),
    );
    server.listen(port, host, () =>
      resolve(ok({ port: (server.address() as AddressInfo).port, totals: totals.now, close })),
    );
  });
}
