import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { fetchSystem } from '../../scripts/foreign/packages.mjs';
import { adapterOf } from '../../app/workload/adapters/adapters.ts';
import type { ServerStatus } from '../../app/workload/adapters/adapter.ts';
import { askLoopback } from '../../app/workload/adapters/loopback.node.ts';
import { createPoller } from '../../app/workload/adapters/poller.node.ts';
import { openMeter, type Meter } from '../../app/workload/meter/proxy.node.ts';
import { portsOf } from '../../app/workload/programs/listening.node.ts';
import { matchProcess } from '../../app/workload/programs/match.ts';
import { readFacts } from '../../app/workload/programs/process-facts.node.ts';
import { serversOf } from '../../app/workload/programs/servers.ts';
import { furnish, mayEnterRoots, startLlamaServer, type LlamaServer } from '../support/llama-server.ts';
import { serve } from '../support/loopback-server.ts';

// llama.cpp's server as Debian builds it, with a model of random weights, and the clients that people use. What Slowburn counts
// must be what the server itself says, and a meter must not change a byte. What cannot be fetched counts as "not available".

let scratch: string;
let system: { root: string } | { notAvailable: string };
let clients: string | undefined;

beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-servers-'));
  system = mayEnterRoots()
    ? fetchSystem(path.join(scratch, 'system'), ['llama.cpp-tools'], ['sid'])
    : { notAvailable: 'this user may not enter a separate root folder' };
  if ('root' in system) furnish(system.root, ['one', 'two']);
  const folder = path.join(scratch, 'clients');
  fs.mkdirSync(folder);
  const npm = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', 'openai', 'ollama'], {
    cwd: folder,
    stdio: 'ignore',
    timeout: 120_000,
  });
  if (npm.status === 0) clients = folder;
}, 600_000);
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

function rootFor(context: TestContext): string {
  if ('notAvailable' in system) context.skip(`not available: ${system.notAvailable}`);
  return system.root;
}

async function clientOf(
  context: TestContext,
  name: 'openai' | 'ollama',
  file: string,
): Promise<Record<string, unknown>> {
  if (clients === undefined) context.skip(`not available: the npm package ${name}`);
  const main = path.join(clients, 'node_modules', name, file);
  return (await import(/* @vite-ignore */ pathToFileURL(main).href)) as Record<string, unknown>;
}

async function started(root: string, model: string | undefined, ...options: readonly string[]): Promise<LlamaServer> {
  const server = await startLlamaServer(root, model, ...options);
  onTestFinished(() => void server.process.kill('SIGTERM'));
  return server;
}

const read = async (port: number, memory: Map<string, number>, loads = true): Promise<ServerStatus> => {
  const status = await adapterOf('llama.cpp')!.read(askLoopback({ host: '127.0.0.1', port }), memory, { loads });
  if (!status.ok) throw new Error(status.error.message);
  return status.value;
};

async function meterFor(port: number): Promise<Meter> {
  const meter = await openMeter({ to: new URL(`http://127.0.0.1:${port}`), port: 0 });
  if (!meter.ok) throw new Error(meter.error.message);
  onTestFinished(() => meter.value.close());
  return meter.value;
}

type Usage = { readonly prompt_tokens: number; readonly completion_tokens: number };
const question = (length: number) => ({
  model: 'one',
  messages: [{ role: 'user' as const, content: 'say something' }],
  max_tokens: length,
  temperature: 0,
  seed: 1,
});

async function post(origin: string, body: object): Promise<{ usage: Usage }> {
  const answer = await fetch(`${origin}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
  return (await answer.json()) as { usage: Usage };
}

/** Passes requests on and keeps the bodies that the server sent. */
async function recording(port: number): Promise<{ readonly port: number; readonly sent: Buffer[] }> {
  const sent: Buffer[] = [];
  const { port: own } = await serve((request, response) => {
    const { url, method, headers } = request;
    const upstream = http.request({ host: '127.0.0.1', port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.on('data', (chunk: Buffer) => sent.push(chunk));
      answer.pipe(response);
    });
    request.pipe(upstream);
  });
  return { port: own, sent };
}

describe('llama.cpp’s server', () => {
  it('is recognised, is found on its port, and is counted as it counts itself', async (context) => {
    const server = await started(rootFor(context), 'one', '--metrics');
    const facts = readFacts(server.process.pid!, 'llama-server')!;
    const match = matchProcess(facts)!;
    expect(match).toMatchObject({ id: 'llama.cpp', adapter: 'llama.cpp' });
    const servers = serversOf(match, facts, [facts], () => []);
    expect(servers).toMatchObject([{ named: server.port, model: 'one.gguf' }]);
    const listening = await portsOf(facts.pid);
    expect(listening.ok && listening.value.own?.map(({ port }) => port)).toEqual([server.port]);

    const poller = createPoller({ wallMs: Date.now, everyMs: 20 });
    onTestFinished(poller.stop);
    const { pid } = facts;
    poller.follow([
      { key: 'k', match, name: match.name, pids: [pid], gpuUuids: [], loads: true, leader: pid, servers },
    ]);
    while (poller.of('k')?.made === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    poller.begin('k', Date.now());
    const answers = [await post(server.origin, question(40)), await post(server.origin, question(7))];
    const made = answers.reduce((sum, { usage }) => sum + usage.completion_tokens, 0);
    expect(made).toBeGreaterThan(0);
    while ((poller.of('k')?.outputs?.count ?? 0) < made) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(poller.end('k').outputs).toMatchObject({ unit: 'token', count: made, countedBy: 'llama.cpp' });
  });

  it('without --metrics is counted through its slots while it answers, and never too much', async (context) => {
    const server = await started(rootFor(context), 'one');
    const memory = new Map<string, number>();
    expect(await read(server.port, memory)).toMatchObject({ made: { count: 0 }, atLeast: true, model: 'one.gguf' });
    let done = false;
    const answering = fetch(`${server.origin}/completion`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'go', n_predict: 1900, ignore_eos: true }),
    }).then(async (answer) => {
      done = true;
      return ((await answer.json()) as { tokens_predicted: number }).tokens_predicted;
    });
    const counts: number[] = [];
    while (!done) counts.push((await read(server.port, memory)).made!.count);
    const truth = await answering;
    counts.push((await read(server.port, memory)).made!.count);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBeLessThanOrEqual(truth);
    expect(counts.at(-1)).toBeGreaterThan(0);
  });

  it('as a router loads no model because it is asked, and is counted over all that it loads and unloads', async (context) => {
    const server = await started(rootFor(context), undefined, '--metrics');
    const memory = new Map<string, number>();
    const loaded = async (): Promise<readonly string[]> => {
      const { data } = (await (await fetch(`${server.origin}/models`)).json()) as {
        data: readonly { id: string; status: { value: string } }[];
      };
      return data.filter(({ status }) => status.value === 'loaded').map(({ id }) => id);
    };
    expect(await read(server.port, memory)).toMatchObject({ running: 0, made: { count: 0 } });
    expect(await loaded()).toEqual([]);
    let made = 0;
    for (const model of ['one', 'two', 'one']) {
      made += (await post(server.origin, { ...question(20), model })).usage.completion_tokens;
      expect((await read(server.port, memory)).made).toEqual({ unit: 'token', count: made });
    }
    expect(await loaded()).toEqual(['one', 'two']);
    await fetch(`${server.origin}/models/unload`, { method: 'POST', body: JSON.stringify({ model: 'one' }) });
    while ((await loaded()).length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await read(server.port, memory)).made!.count).toBe(made);
    expect(await loaded()).toEqual(['two']);
  });
});

describe('a client of OpenAI', () => {
  it('gets every byte that the server sends through a meter, which counts what the server counts', async (context) => {
    const server = await started(rootFor(context), 'one', '--metrics');
    const tape = await recording(server.port);
    const meter = await meterFor(tape.port);
    const { default: OpenAI } = (await clientOf(context, 'openai', 'index.mjs')) as {
      default: new (options: object) => { chat: { completions: { create: (body: object) => Promise<unknown> } } };
    };
    const received: Buffer[] = [];
    const client = new OpenAI({
      baseURL: `http://127.0.0.1:${meter.port}/v1`,
      apiKey: 'none',
      fetch: async (url: string, options: RequestInit) => {
        const answer = await fetch(url, options);
        const [kept, passed] = answer.body!.tee();
        void (async () => {
          for await (const chunk of kept as unknown as AsyncIterable<Uint8Array>) received.push(Buffer.from(chunk));
        })();
        return new Response(passed, { status: answer.status, headers: answer.headers });
      },
    });
    const before = await read(server.port, new Map());
    const whole = (await client.chat.completions.create(question(30))) as { usage: Usage };
    const stream = (await client.chat.completions.create({
      ...question(25),
      stream: true,
      stream_options: { include_usage: true },
    })) as AsyncIterable<{ usage?: Usage | null }>;
    let streamed: Usage | undefined;
    for await (const { usage } of stream) streamed = usage ?? streamed;
    // a stream without usage still says in its last event how much it was
    const silent = (await client.chat.completions.create({ ...question(15), stream: true })) as AsyncIterable<unknown>;
    for await (const event of silent) expect(event).toBeDefined();
    const after = await read(server.port, new Map());
    const made = after.made!.count - before.made!.count;
    expect(made).toBeGreaterThan(whole.usage.completion_tokens + streamed!.completion_tokens);
    expect(meter.totals()).toMatchObject({ requests: 3, tokens: made, atLeast: false });
    expect(Buffer.concat(received).equals(Buffer.concat(tape.sent))).toBe(true);
  });
});

/** A chat as Ollama streams it (docs/api.md, "Generate a chat completion"). */
const ollamaChat = (words: readonly string[]): string =>
  [
    ...words.map((content) => ({
      model: 'llama3.2',
      created_at: '2023-08-04T08:52:19.385406455-07:00',
      message: { role: 'assistant', content, images: null },
      done: false,
    })),
    {
      model: 'llama3.2',
      created_at: '2023-08-04T19:22:45.499127Z',
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: 'stop',
      total_duration: 4883583458,
      load_duration: 1334875,
      prompt_eval_count: 26,
      prompt_eval_duration: 342546000,
      eval_count: words.length,
      eval_duration: 4535599000,
    },
  ]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

describe('the client of Ollama', () => {
  it('streams through a meter, which counts what the server says', async (context) => {
    const { Ollama } = (await clientOf(context, 'ollama', 'dist/index.mjs')) as {
      Ollama: new (options: object) => {
        chat: (body: object) => Promise<AsyncIterable<{ message: { content: string }; eval_count?: number }>>;
      };
    };
    const words = ['The', ' sky', ' is', ' blue', '.'];
    const { port } = await serve((request, response) => {
      expect(request.url).toBe('/api/chat');
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      for (const part of ollamaChat(words).match(/.{1,97}/gs)!) response.write(part);
      response.end();
    });
    const meter = await meterFor(port);
    const client = new Ollama({ host: `http://127.0.0.1:${meter.port}` });
    let text = '';
    for (let i = 0; i < 2; i++) {
      for await (const { message } of await client.chat({ model: 'llama3.2', messages: [], stream: true }))
        text += message.content;
    }
    expect(text).toBe(words.join('').repeat(2));
    expect(meter.totals()).toMatchObject({ tokens: 2 * words.length, promptTokens: 52, model: 'llama3.2' });
  });
});
