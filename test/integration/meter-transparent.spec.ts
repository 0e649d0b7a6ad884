import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openMeter } from '../../app/workload/meter/proxy.node.ts';
import { serve } from '../support/loopback-server.ts';
import { meterBefore, until } from '../support/metered.ts';

describe('the metering proxy is not noticed', () => {
  /** What comes back over the wire, byte for byte. */
  const raw = (port: number, request: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let got = '';
      const socket = net.connect(port, '127.0.0.1', () => socket.write(request));
      socket.on('data', (text) => (got += text.toString('latin1')));
      socket.on('close', () => resolve(got));
      socket.on('error', reject);
    });

  it('passes trailers on, and adds no date that the server did not give', async () => {
    const { port } = await meterBefore((_request, response) => {
      response.sendDate = false;
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    });
    const got = await raw(port, 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nte: trailers\r\nconnection: close\r\n\r\n');
    expect(got).toContain('4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n');
    expect(got.toLowerCase()).not.toContain('date:');
  });

  it.each(['DELETE', 'GET', 'POST'])(
    'keeps the frame of a chunked %s, so that its body is no request',
    async (method) => {
      const bodies: string[] = [];
      const { port, seen } = await meterBefore((request, response) => {
        let body = '';
        request.on('data', (text) => (body += String(text)));
        request.on('end', () => (bodies.push(body), response.end('done')));
      });
      const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
      const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
      const head = `${method} /api/delete HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n`;
      expect(await raw(port, head + chunk)).toContain('done');
      expect(seen).toEqual([`${method} /api/delete`]);
      expect(bodies).toEqual([smuggled]);
    },
  );

  it('passes on what a server says that refuses a WebSocket', async () => {
    const server = net.createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 4\r\nx-own: a\r\n\r\nwho?')),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const to = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const opened = await openMeter({ to, port: 0 });
    if (!opened.ok) throw new Error(opened.error.message);
    onTestFinished(opened.value.close);
    const head = 'GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    const got = await raw(opened.value.port, head);
    expect(got).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(got).toContain('x-own: a');
    expect(got).toMatch(/\r\n\r\nwho\?$/);
  });

  it('closes an idle connection before any server would', async () => {
    const { port: behind, connections } = await serve((_request, response) => void response.end('x'));
    const opened = await openMeter({ to: new URL(`http://127.0.0.1:${behind}`), port: 0 });
    if (!opened.ok) throw new Error(opened.error.message);
    onTestFinished(opened.value.close);
    await (await fetch(`http://127.0.0.1:${opened.value.port}/`)).text();
    expect(connections()).toBe(1);
    await until(() => connections() === 0);
  });

  it.each([
    ['0.0.0.0', '192.168.1.5:11500', 200],
    ['0.0.0.0', `${os.hostname()}:11500`, 200],
    ['0.0.0.0', 'evil.example', 403],
    ['127.0.0.1', '192.168.1.5:11500', 403],
  ])('bound to %s, %s is answered with %d', async (host, named, status) => {
    const { port: behind } = await serve((_request, response) => void response.end('x'));
    const opened = await openMeter({ to: new URL(`http://127.0.0.1:${behind}`), port: 0, host });
    if (!opened.ok) throw new Error(opened.error.message);
    onTestFinished(opened.value.close);
    const got = await raw(opened.value.port, `GET / HTTP/1.1\r\nhost: ${named}\r\nconnection: close\r\n\r\n`);
    expect(got).toContain(`HTTP/1.1 ${status} `);
  });
});
