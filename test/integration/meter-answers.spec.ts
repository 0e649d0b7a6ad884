import http from 'node:http';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { countMetered } from '../../app/workload/adapters/metered.ts';
import { createPoller } from '../../app/workload/adapters/poller.node.ts';
import { counterFor } from '../../app/workload/meter/counter.ts';
import type { MeterNote } from '../../app/workload/meter/note.node.ts';
import { openMeter, type MeterOptions } from '../../app/workload/meter/proxy.node.ts';
import { atLeast, exact } from '../fixtures/meter/answers.ts';
import { serve } from '../support/loopback-server.ts';

async function meterBefore(handler: http.RequestListener, options: Partial<MeterOptions> = {}) {
  const { port: behind } = await serve(handler);
  const opened = await openMeter({ to: new URL(`http://127.0.0.1:${behind}`), port: 0, ...options });
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(opened.value.close);
  return opened.value;
}

/** Sends a request and returns the answer as it came, packed or not. */
const ask = (port: number, request: http.RequestOptions = {}): Promise<{ status: number; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const sent = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/v1/x', ...request }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => resolve({ status: answer.statusCode!, body: Buffer.concat(pieces) }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end('{}');
  });

const packings = { identity: (all: Buffer) => all, gzip: zlib.gzipSync, br: zlib.brotliCompressSync } as const;

describe('the metering proxy', () => {
  it('passes every answer on byte for byte, and counts it the same, however it is cut and packed', async () => {
    const cases = [...exact, ...atLeast].filter(([, , text]) => text.length < 100_000);
    let now: { type: string; pieces: readonly Buffer[]; packing: string } | undefined;
    const { port, totals } = await meterBefore((_request, response) => {
      const { type, pieces, packing } = now!;
      response.writeHead(200, { ...(type && { 'content-type': type }), 'content-encoding': packing });
      for (const piece of pieces) response.write(piece);
      response.end();
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 });
    const packing = fc.constantFrom(...(Object.keys(packings) as (keyof typeof packings)[]));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cases), sizes, packing, async ([, type, text], cuts, packed) => {
        const all = packings[packed](Buffer.from(text));
        const pieces: Buffer[] = [];
        for (let from = 0, i = 0; from < all.length; i++) {
          const to = from + cuts[i % cuts.length]!;
          pieces.push(all.subarray(from, to));
          from = to;
        }
        now = { type, pieces, packing: packed };
        const before = totals();
        const { body } = await ask(port);
        expect(body.equals(all)).toBe(true);
        const counter = counterFor(type)!;
        counter.feed(Buffer.from(text));
        const { tokens, promptTokens, images, atLeast: inexact } = counter.result();
        const added = () => {
          const after = totals();
          return {
            running: after.running,
            tokens: after.tokens - before.tokens,
            promptTokens: after.promptTokens - before.promptTokens,
            images: after.images - before.images,
            inexact: after.inexact - before.inexact,
          };
        };
        // what is packed is counted a moment after it was passed on
        await expect
          .poll(added, { interval: 1 })
          .toEqual({ running: 0, tokens, promptTokens, images, inexact: inexact ? 1 : 0 });
      }),
      { numRuns: 60 },
    );
  });

  const usage = '{"usage":{"prompt_tokens":2,"completion_tokens":40}}';
  it.each([
    [200, 40],
    [201, 40],
    [299, 40],
    [400, 0],
    [500, 0],
  ])('counts an answer with status %d: %d tokens', async (status, tokens) => {
    const { port, totals } = await meterBefore((_request, response) => {
      response.writeHead(status);
      response.end(usage);
    });
    expect((await ask(port)).status).toBe(status);
    await expect.poll(() => totals().running).toBe(0);
    expect(totals()).toMatchObject({ tokens, inexact: 0 });
  });

  it('says "at least" of the one answer that it cannot unpack, not of those after it', async () => {
    let packing = 'compress';
    const { port, totals } = await meterBefore((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': packing });
      response.end(usage);
    });
    await ask(port);
    await expect.poll(() => totals().inexact).toBe(1);
    packing = 'identity';
    await ask(port);
    await expect.poll(() => totals().tokens).toBe(40);
    expect(totals().inexact).toBe(1);
    packing = 'compress';
    await ask(port, { method: 'GET' }); // a list of models, for example
    expect(totals().inexact).toBe(1);
  });

  it.each([
    ['host.docker.internal:11500', 200],
    ['HOST.docker.internal', 200],
    ['docker.internal', 403],
    ['evil.example', 403],
  ])('with --allow-host host.docker.internal answers %s with %d', async (host, status) => {
    const { port } = await meterBefore((_request, response) => void response.end('x'), {
      allowHosts: ['host.docker.internal'],
    });
    const got = await ask(port, { headers: { host } });
    expect(got.status).toBe(status);
    if (status === 403) expect(String(got.body)).toContain('--allow-host');
  });
});

const note = (more: Partial<MeterNote>): MeterNote => ({
  pid: 7,
  upstreamPort: 8080,
  requests: 0,
  running: 0,
  tokens: 0,
  promptTokens: 0,
  images: 0,
  inexact: 0,
  busyMs: 0,
  ...more,
});

describe('a session behind a meter', () => {
  const program = {
    key: 'k',
    match: undefined,
    name: 'server',
    pids: [process.pid],
    gpuUuids: ['GPU'],
    loads: true,
    leader: process.pid,
  };

  /** A poller that sees one meter; `now` is what it has counted. */
  function poller(now: () => MeterNote) {
    let looks = 0;
    const statuses = createPoller({
      wallMs: () => Date.now(),
      everyMs: 5,
      meters: () => [(looks++, now())],
      ports: async () => ({ ok: true, value: [{ host: '127.0.0.1', port: 8080 }] }),
    });
    onTestFinished(statuses.stop);
    statuses.follow([program]);
    const looked = async (): Promise<void> => {
      const before = looks;
      await expect.poll(() => looks, { interval: 5, timeout: 8000 }).toBeGreaterThan(before + 1);
    };
    return { statuses, looked };
  }

  it('is exact after one that was not: "at least" belongs to the answers of a session', async () => {
    let now = note({ requests: 1, tokens: 10 });
    const { statuses, looked } = poller(() => now);
    await looked();
    statuses.begin('k', Date.now());
    now = note({ requests: 2, tokens: 15, inexact: 1 });
    await looked();
    expect(statuses.end('k').outputs).toMatchObject({ unit: 'token', count: 5, atLeast: true, countedBy: 'meter' });
    statuses.begin('k', Date.now());
    now = note({ requests: 3, tokens: 35, inexact: 1 });
    await looked();
    const { outputs } = statuses.end('k');
    expect(outputs).toMatchObject({ count: 20 });
    expect(outputs!.atLeast).toBeUndefined();
  });

  it('counts tokens and images of one server each as what they are', async () => {
    let now = note({ tokens: 10 });
    const { statuses, looked } = poller(() => now);
    await looked();
    statuses.begin('k', Date.now());
    now = note({ tokens: 30, images: 2 });
    await looked();
    expect(statuses.end('k').outputs).toMatchObject({
      unit: 'image',
      count: 2,
      others: [{ unit: 'token', count: 20 }],
    });
  });

  it('has no outputs where none are known, which is not 0', async () => {
    let now = note({});
    const { statuses, looked } = poller(() => now);
    await looked();
    statuses.begin('k', Date.now());
    now = note({ requests: 1, inexact: 1 });
    await looked();
    expect(statuses.end('k')).toEqual({});
  });
});

describe('a command that is a client', () => {
  it('made what passed the meters while it ran, of those that were there and those that came', () => {
    let notes: readonly MeterNote[] = [note({ requests: 5, tokens: 1000, model: 'old' })];
    const metered = countMetered(
      () => notes,
      () => 5,
    );
    metered.look();
    expect(metered.result()).toBeUndefined();
    notes = [
      note({ requests: 7, tokens: 1040, promptTokens: 9, model: 'own' }),
      note({ pid: 8, requests: 1, tokens: 2 }),
    ];
    metered.look();
    notes = []; // they have ended
    metered.look();
    expect(metered.result()).toMatchObject({
      outputs: { unit: 'token', count: 42, promptTokens: 9, countedBy: 'meter' },
      model: 'own',
      requests: 3,
    });
  });

  it('says "at least" where an answer had no complete count', () => {
    let notes = [note({ requests: 5, tokens: 10, inexact: 2 })];
    const metered = countMetered(
      () => notes,
      () => 5,
    );
    notes = [note({ requests: 6, tokens: 13, inexact: 3 })];
    metered.look();
    expect(metered.result()!.outputs).toMatchObject({ count: 3, atLeast: true });
  });
});
