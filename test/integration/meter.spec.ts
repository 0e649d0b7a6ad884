import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readMeterNotes } from '../../app/workload/meter/note.node.ts';
import { openMeter } from '../../app/workload/meter/proxy.node.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { serve } from '../support/loopback-server.ts';
import { meterBefore, until } from '../support/metered.ts';

describe('the metering proxy', () => {
  it('passes requests and answers on untouched, whatever they hold', async () => {
    const received: { method?: string; url?: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
    const answer = randomBytes(300_000);
    const { base } = await meterBefore((request, response) => {
      const hash = createHash('sha256');
      request.on('data', (chunk: Buffer) => hash.update(chunk));
      request.on('end', () => {
        received.push({
          method: request.method!,
          url: request.url!,
          headers: request.headers,
          body: hash.digest('hex'),
        });
        response.writeHead(201, 'Made', { 'content-type': 'image/png', 'x-own': ['a', 'b'] });
        response.end(answer);
      });
    });
    const body = randomBytes(500_000);
    const response = await fetch(`${base}/v1/x?y=%20z`, {
      method: 'PUT',
      body,
      headers: { 'x-mine': 'é'.normalize('NFD').slice(0, 1) },
    });
    expect(response.status).toBe(201);
    expect(response.statusText).toBe('Made');
    expect(response.headers.get('x-own')).toBe('a, b');
    expect(Buffer.from(await response.arrayBuffer()).equals(answer)).toBe(true);
    expect(received).toMatchObject([
      {
        method: 'PUT',
        url: '/v1/x?y=%20z',
        headers: { 'x-mine': 'e' },
        body: createHash('sha256').update(body).digest('hex'),
      },
    ]);
  });

  it('streams: what the server says first arrives before it says more, and is counted', async () => {
    let more = (): void => undefined;
    const { base, totals } = await meterBefore((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"model":"m","choices":[{"delta":{"content":"a"}}]}\n\n');
      more = () =>
        response.end('data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}}\n\ndata: [DONE]\n\n');
    });
    const response = await fetch(`${base}/v1/chat/completions`, { method: 'POST', body: '{}' });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('"a"');
    expect(totals()).toMatchObject({ running: 1, tokens: 0 });
    more();
    while (!(await reader.read()).done);
    await until(() => totals().running === 0);
    expect(totals()).toMatchObject({ requests: 1, tokens: 7, promptTokens: 5, model: 'm', atLeast: false });
    expect(totals().busyMs).toBeGreaterThan(0);
  });

  it('counts what the server packs, and passes it on packed', async () => {
    const packed = zlib.gzipSync(JSON.stringify({ usage: { prompt_tokens: 1, completion_tokens: 2 } }));
    const { base, totals } = await meterBefore((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(packed);
    });
    const got = await new Promise<Buffer>((resolve) =>
      http.get(base, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks)));
      }),
    );
    expect(got.equals(packed)).toBe(true);
    await until(() => totals().tokens === 2);
  });

  it('holds the server back when the client reads slowly', async () => {
    let written = 0;
    const { base } = await meterBefore((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const flood = (): void => {
        while (!response.destroyed && written < 256 * 2 ** 20) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', flood);
        }
      };
      flood();
    });
    const request = http.get(base, (response) => response.pause());
    onTestFinished(() => void request.destroy());
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(written).toBeLessThan(64 * 2 ** 20);
  });

  it('ends the generation when the client goes', async () => {
    let gone = false;
    const { base, totals } = await meterBefore((_request, response) => {
      response.write('x');
      response.on('close', () => (gone = true));
    });
    const request = http.get(base, (response) => response.once('data', () => request.destroy()));
    request.on('error', () => undefined);
    await until(() => gone);
    await until(() => totals().running === 0);
  });

  it('does not let an answer that breaks off look whole', async () => {
    const { base } = await meterBefore((_request, response) => {
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(fetch(base).then((response) => response.text())).rejects.toThrow();
  });

  it('says so when the server is not there', async () => {
    const opened = await openMeter({ to: new URL('http://127.0.0.1:9'), port: 0 });
    if (!opened.ok) throw new Error(opened.error.message);
    onTestFinished(opened.value.close);
    const response = await fetch(`http://127.0.0.1:${opened.value.port}/v1/models`);
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('could not be reached: ECONNREFUSED');
  });

  it('answers no page that names another host', async () => {
    const { port, seen } = await meterBefore((_request, response) => void response.end('secret'));
    const status = await new Promise<number>((resolve) =>
      http.get({ host: '127.0.0.1', port, headers: { host: 'evil.example' } }, ({ statusCode }) =>
        resolve(statusCode!),
      ),
    );
    expect(status).toBe(403);
    expect(seen).toEqual([]);
  });

  it('passes a WebSocket through, both ways', async () => {
    const server = http.createServer();
    server.on('upgrade', (request, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nx-path: ${request.url}\r\n\r\n`,
      );
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close().closeAllConnections());
    const to = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const opened = await openMeter({ to, port: 0 });
    if (!opened.ok) throw new Error(opened.error.message);
    onTestFinished(opened.value.close);
    const echoed = await new Promise<string>((resolve, reject) => {
      const headers = { connection: 'upgrade', upgrade: 'websocket' };
      const request = http.request({ host: '127.0.0.1', port: opened.value.port, path: '/ws', headers });
      request.on('upgrade', (answer, socket) => {
        socket.once('data', (text) => {
          socket.destroy();
          resolve(`${answer.headers['x-path'] as string} ${String(text)}`);
        });
        socket.write('ping');
      });
      request.on('error', reject);
      request.end();
    });
    expect(echoed).toBe('/ws ping');
    const open = (): Promise<number> =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    await expect.poll(open).toBe(0); // the client has gone, so the meter closes its own connection to the server
  });
});

describe('slowburn meter', () => {
  it('tells the collector what it counted, and ends with a sentence', async () => {
    const { port: behind } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"model":"own","usage":{"prompt_tokens":2,"completion_tokens":40}}');
    });
    const folder = temporaryFolder();
    const program = fileURLToPath(new URL('slowburn.js', threads));
    const args = [
      'meter',
      '--source',
      'simulator',
      '--data-dir',
      folder,
      '--to',
      `http://127.0.0.1:${behind}`,
      '--port',
      '0',
    ];
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (text) => (said += String(text)));
    await until(() => /http:\/\/127\.0\.0\.1:(\d+)/.test(said.replace(/Metering \S+/, '')));
    const port = /127\.0\.0\.1:(\d+)\./.exec(said)![1]!;
    for (let i = 0; i < 3; i++)
      await (await fetch(`http://127.0.0.1:${port}/v1/completions`, { method: 'POST', body: '{}' })).text();
    await until(() => readMeterNotes(folder)[0]?.tokens === 120);
    expect(readMeterNotes(folder)).toMatchObject([
      { pid: child.pid, upstreamPort: behind, promptTokens: 6, model: 'own' },
    ]);
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(said).toContain('3 requests, 120 tokens, 6 read');
    expect(fs.readdirSync(path.join(folder, 'meters'))).toEqual([]);
  });
});
