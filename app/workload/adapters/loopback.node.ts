import http from 'node:http';
import { err, ok, type Result } from '../../core/result.ts';
import type { LoopbackAddress } from '../programs/listening.node.ts';
import type { Ask } from './adapter.ts';

/** Parsing an answer takes about fifty times its size in memory. Adapters ask in pages that fit. */
export const MOST_BYTES = 1024 * 1024;
/** From the first byte sent to the last received: a server that drips is as good as silent. */
const DEADLINE_MS = 2_000;

/**
 * Asks a program's own server with GET, on loopback alone: no redirect is followed, no name is resolved, no cookie or
 * credential is sent, and size and time are bounded. Whatever the server does, the answer is a Result.
 */
export const askLoopback =
  ({ host, port }: LoopbackAddress, deadlineMs = DEADLINE_MS): Ask =>
  (path) =>
    new Promise<Result<string>>((resolve) => {
      const name = path.split('?')[0]!;
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (result: Result<string>): void => {
        clearTimeout(timer);
        request.destroy();
        resolve(result);
      };
      const timer = setTimeout(
        () => finish(err('timeout', `The program did not answer ${name} within ${deadlineMs / 1000} s.`)),
        deadlineMs,
      );
      const request = http.request(
        { host, port, path, method: 'GET', agent: false, headers: { accept: 'application/json, text/plain' } },
        (response) => {
          const status = response.statusCode ?? 0;
          if (status >= 300 && status < 400)
            return finish(err('forbidden', `The program sent ${name} elsewhere, and that is not followed.`));
          if (status !== 200)
            return finish(
              err(status === 404 ? 'not-found' : 'invalid-request', `The program answered ${name} with ${status}.`),
            );
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MOST_BYTES) finish(err('too-large', `The program’s answer to ${name} is larger than 1 MiB.`));
            else chunks.push(chunk);
          });
          response.on('end', () => finish(ok(Buffer.concat(chunks).toString('utf8'))));
          response.on('error', () => finish(err('not-found', `The program broke off its answer to ${name}.`)));
          response.on('aborted', () => finish(err('not-found', `The program broke off its answer to ${name}.`)));
        },
      );
      request.on('error', (error: NodeJS.ErrnoException) =>
        finish(err('not-found', `The program could not be asked for ${name}: ${error.code ?? error.message}.`)),
      );
      request.end();
    });
