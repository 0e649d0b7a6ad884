import http, { type IncomingMessage } from 'node:http';
import { text } from '../../core/i18n.ts';
import { err, ok, type ErrorCode, type Result } from '../../core/result.ts';
import type { LoopbackAddress } from '../programs/listening.node.ts';
import type { Ask } from './adapter.ts';

/** Parsing an answer takes about fifty times its size in memory. Adapters ask for pages that fit. */
export const MOST_BYTES = 1024 * 1024;
/** From the first byte sent to the last received: a server that sends slowly counts as one that does not answer. */
const DEADLINE_MS = 2_000;

/** Statuses that say more than that something is wrong: not there, not turned on. */
const REFUSALS: ReadonlyMap<number, ErrorCode> = new Map([
  [404, 'not-found'],
  [501, 'source-unavailable'],
]);

/** Why an answer is not read; undefined: it is. */
function refusalOf(status: number, path: string): Result<string> | undefined {
  if (status === 200) return undefined;
  if (status >= 300 && status < 400) return err('forbidden', text('workload.redirected', { path }));
  const message = text('workload.badStatus', { path, status });
  if (status === 401 || status === 403) return err('forbidden', message, text('workload.needsKey'));
  if (status === 503) return err('not-ready', message);
  return err(REFUSALS.get(status) ?? 'invalid-request', message);
}

/**
 * Sends GET requests to a program's own server, on loopback only. It follows no redirect, resolves no name and sends no
 * cookie or credential. Size and time are limited. Whatever the server does, the result is a Result.
 */
export const askLoopback =
  ({ host, port }: LoopbackAddress, deadlineMs = DEADLINE_MS): Ask =>
  (pathAndQuery) =>
    new Promise<Result<string>>((resolve) => {
      const path = pathAndQuery.split('?')[0]!;
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (result: Result<string>): void => {
        clearTimeout(timer);
        request.destroy();
        resolve(result);
      };
      const brokenOff = (): void => finish(err('not-found', text('workload.brokenOff', { path })));
      const late = (): void => finish(err('timeout', text('workload.noAnswer', { path, seconds: deadlineMs / 1000 })));
      const timer = setTimeout(late, deadlineMs);
      function receive(response: IncomingMessage): void {
        const refusal = refusalOf(response.statusCode ?? 0, path);
        if (refusal) return finish(refusal);
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MOST_BYTES) finish(err('too-large', text('workload.answerTooLarge', { path })));
          else chunks.push(chunk);
        });
        response.on('end', () => finish(ok(Buffer.concat(chunks).toString('utf8'))));
        response.on('error', brokenOff);
        response.on('aborted', brokenOff);
      }
      const headers = { accept: 'application/json, text/plain' };
      const request = http.request({ host, port, path: pathAndQuery, method: 'GET', agent: false, headers }, receive);
      request.on('error', (error: NodeJS.ErrnoException) =>
        finish(err('not-found', text('workload.notReached', { path, cause: error.code ?? error.message }))),
      );
      request.end();
    });
