import fs from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

const folder = path.resolve('test/fixtures/tls');
/** of the certificate for "localhost"; its own key was thrown away */
export const authority = path.join(folder, 'authority.pem');
const certificate = {
  key: fs.readFileSync(path.join(folder, 'localhost.key')),
  cert: fs.readFileSync(path.join(folder, 'localhost.pem')),
};

/** What a real mail server received. */
export type Post = { readonly to: string[]; readonly text: string; readonly secure: boolean; readonly name: string };

/** A real mail server on loopback, closed after the test. `refuse`: SMTP code for a recipient or for the data. */
export async function mailServer(
  options: SMTPServerOptions & {
    readonly port?: number;
    readonly recipient?: (address: string) => number | undefined;
    readonly data?: () => number | undefined;
  } = {},
) {
  const { port = 0, recipient, data, ...rest } = options;
  const posts: Post[] = [];
  const answer = (code: number | undefined) =>
    code === undefined ? null : Object.assign(new Error('refused, for anna@example.org'), { responseCode: code });
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    disableReverseLookup: true,
    ...certificate,
    onRcptTo: ({ address }, _session, done) => done(answer(recipient?.(address))),
    onData(stream, { envelope, secure, hostNameAppearsAs: name }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const code = data?.();
        if (code === undefined)
          posts.push({
            to: envelope.rcptTo.map(({ address }) => address),
            text: Buffer.concat(chunks).toString(),
            secure,
            name,
          });
        done(answer(code));
      });
    },
    ...rest,
  });
  server.on('error', () => undefined); // a client that left
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  onTestFinished(close);
  return { port: (server.server.address() as net.AddressInfo).port, posts, close };
}
