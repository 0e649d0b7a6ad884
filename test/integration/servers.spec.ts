import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { adapterOf } from '../../app/workload/adapters/adapters.ts';
import type { ServerStatus } from '../../app/workload/adapters/adapter.ts';
import type { AdapterId } from '../../app/workload/adapters/ids.ts';
import { askLoopback } from '../../app/workload/adapters/loopback.node.ts';
import { createPoller } from '../../app/workload/adapters/poller.node.ts';
import type { MeterNote } from '../../app/workload/meter/note.node.ts';
import { portsOf, type Listening } from '../../app/workload/programs/listening.node.ts';
import type { Match } from '../../app/workload/programs/match.ts';
import { ollamaNames } from '../../app/workload/programs/ollama-manifests.node.ts';
import type { ServerProcess } from '../../app/workload/programs/servers.ts';
import { ok, type Result } from '../../app/core/result.ts';
import * as llama from '../fixtures/adapters/llama-cpp.ts';
import { temporaryFolder } from '../support/folders.ts';
import { serve } from '../support/loopback-server.ts';

type Answer = readonly [status: number, body: unknown];

/** A server that answers by path and query; 404 for anything else. */
const answering = (answer: (path: string, query: URLSearchParams) => Answer | undefined) =>
  serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    const [status, body] = answer(pathname, searchParams) ?? [404, { error: 'File Not Found' }];
    response.statusCode = status;
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });

function reader(id: AdapterId, port: number) {
  const memory = new Map<string, number>();
  return async (loads = true): Promise<Result<ServerStatus>> =>
    adapterOf(id)!.read(askLoopback({ host: '127.0.0.1', port }), memory, { loads });
}

describe('llama.cpp’s server without --metrics', () => {
  /** What its slots show, one look after another. */
  const counts = async (looks: readonly unknown[]): Promise<readonly (ServerStatus | undefined)[]> => {
    let now: unknown;
    const { port } = await answering((path) => {
      if (path === '/metrics') return [501, llama.disabled('metrics')];
      if (path === '/props') return [200, { model_path: '/m/a.gguf', is_sleeping: false }];
      return path === '/slots' ? [200, now] : undefined;
    });
    const read = reader('llama.cpp', port);
    const statuses: (ServerStatus | undefined)[] = [];
    for (now of looks) {
      const status = await read();
      statuses.push(status.ok ? status.value : undefined);
    }
    return statuses;
  };
  const made = (statuses: readonly (ServerStatus | undefined)[]) => statuses.map((status) => status?.made?.count);

  it.each([
    ['of 2023', [llama.slots2023(0, 5, 1), llama.slots2023(0, 9, 1), llama.slots2023(1, 3, 1)], [5, 9, 12]],
    ['of 2025', [llama.slots2025(7, 5, true), llama.slots2025(7, 9, false), llama.slots2025(9, 2, true)], [5, 9, 11]],
    // 13 of the prompt; the last token of an answer is not held
    ['of 0.7.0', [llama.slots2026(15, 305, 13, 292, true), llama.slots2026(15, 492, 0, 0, false)], [292, 479]],
    [
      'of 0.7.0, done before a look',
      [llama.slots2026(15, 0, 0, 0, false), llama.slots2026(19, 24, 0, 0, false)],
      [0, 0],
    ],
  ])('is counted through slots %s, as a minimum', async (_version, looks, expected) => {
    const statuses = await counts(looks);
    expect(made(statuses)).toEqual(expected);
    expect(statuses.every((status) => status?.atLeast)).toBe(true);
    expect(statuses[0]).toMatchObject({ model: 'a.gguf', note: expect.stringContaining('--metrics') });
  });

  it('reports requests in progress, and prompts only where its version does', async () => {
    const [old, current] = [
      await counts([llama.slots2023(0, 5, 1)]),
      await counts([llama.slots2026(1, 9, 4, 5, true)]),
    ];
    expect(old[0]).toMatchObject({ running: 1 });
    expect(old[0]).not.toHaveProperty('promptTokens');
    expect(current[0]).toMatchObject({ running: 1, promptTokens: 4 });
  });

  it('is asked about its slots once, and then only while the card works: a question keeps it awake', async () => {
    let sleeps = false;
    const { port, seen } = await answering((path) => {
      if (path === '/metrics') return [501, llama.disabled('metrics')];
      if (path === '/props') return [200, { model_path: '/m/a.gguf', is_sleeping: sleeps }];
      return path === '/slots' ? [200, llama.slots2026(1, 9, 4, 5, true)] : undefined;
    });
    const read = reader('llama.cpp', port);
    const asked = (): number => seen.filter((request) => request.endsWith('/slots')).length;
    await read(false);
    await read(false);
    expect(asked()).toBe(1);
    await read(true);
    expect(asked()).toBe(2);
    sleeps = true;
    expect(await read(true)).toMatchObject({ ok: true, value: { made: { count: 5 } } });
    expect(asked()).toBe(2);
  });

  it('says what to start it with if it has neither', async () => {
    const { port } = await answering(() => [501, llama.disabled('this')]);
    expect(await reader('llama.cpp', port)()).toMatchObject({
      ok: false,
      error: { next: 'Start the server with --metrics.' },
    });
  });

  it('says that it asks for a key', async () => {
    const { port } = await answering(() => [401, { error: { code: 401, message: 'Invalid API Key' } }]);
    expect(await reader('llama.cpp', port)()).toMatchObject({
      ok: false,
      error: { code: 'forbidden', next: expect.stringContaining('slowburn meter') },
    });
  });
});

describe('a router of llama.cpp', () => {
  it('is asked for loaded models alone, never so that one is loaded, and its sum never falls', async () => {
    const states: Record<string, string> = { a: 'loaded', 'b/c:Q4': 'unloaded', d: 'sleeping' };
    const made: Record<string, number> = { a: 100, 'b/c:Q4': 0 };
    const { port, seen } = await answering((path, query) => {
      if (path === '/models') return [200, llama.models(states)];
      const model = query.get('model');
      if (model === null) return [400, llama.nameMissing];
      if (query.get('autoload') !== 'false') throw new Error('This would load it.');
      if (path === '/metrics') return [200, llama.metrics(made[model]!, 10, model === 'a' ? 1 : 0)];
      return path === '/props' ? [200, { model_path: `/m/${model}.gguf` }] : undefined;
    });
    const read = reader('llama.cpp', port);
    const count = async () => {
      const status = await read();
      return status.ok ? status.value.made?.count : undefined;
    };
    expect(await read()).toMatchObject({ ok: true, value: { running: 1, made: { count: 100 }, model: 'a' } });
    Object.assign(states, { 'b/c:Q4': 'loaded' });
    Object.assign(made, { a: 150, 'b/c:Q4': 30 });
    expect(await count()).toBe(180);
    Object.assign(states, { a: 'unloaded' });
    expect(await count()).toBe(180);
    Object.assign(states, { a: 'loaded' });
    Object.assign(made, { a: 5 });
    expect(await count()).toBe(185);
    const asked = new Set(seen.flatMap((request) => /model=([^&]*)/.exec(request)?.[1] ?? []));
    expect([...asked]).toEqual(['a', 'b%2Fc%3AQ4']);
  });

  it('counts as a minimum what one of its models does not tell', async () => {
    const { port } = await answering((path, query) => {
      if (path === '/models') return [200, llama.models({ a: 'loaded', b: 'loaded' })];
      if (query.get('model') === null) return [400, llama.nameMissing];
      return query.get('model') === 'a' && path === '/metrics' ? [200, llama.metrics(3, 1)] : [500, {}];
    });
    expect(await reader('llama.cpp', port)()).toMatchObject({
      ok: true,
      value: { made: { count: 3 }, atLeast: true, note: expect.stringContaining('status 500') },
    });
  });
});

describe('a server whose processes share the work', () => {
  it.each([
    [
      'of tensor parallelism counts once',
      `sglang:num_running_reqs{engine_type="unified",model_name="m",tp_rank="0",pp_rank="0",moe_ep_rank="0"} 4.0
sglang:num_running_reqs{engine_type="unified",model_name="m",tp_rank="1",pp_rank="0",moe_ep_rank="0"} 4.0
sglang:generation_tokens_total{model_name="m",tp_rank="0"} 120.0
sglang:generation_tokens_total{model_name="m",tp_rank="1"} 120.0
`,
      { running: 4, made: { count: 120 } },
    ],
    [
      'of data parallelism counts each',
      `sglang:num_running_reqs{dp_rank="0",tp_rank="0"} 1
sglang:num_running_reqs{dp_rank="1",tp_rank="0"} 2
sglang:num_running_reqs{dp_rank="1",tp_rank="1"} 2
sglang:generation_tokens_total{is_streaming="false",model_name="m"} 100
sglang:generation_tokens_total{is_streaming="true",model_name="m"} 50
`,
      { running: 3, made: { count: 150 } },
    ],
    [
      'counts the sum of its priorities, not their parts',
      `sglang:num_running_reqs{priority="",tp_rank="0"} 2
sglang:num_running_reqs{priority="1",tp_rank="0"} 2
sglang:generation_tokens_total{model_name="m"} 7
`,
      { running: 2, made: { count: 7 } },
    ],
  ])('%s', async (_how, metrics, expected) => {
    const { port } = await answering((path) => (path === '/metrics' ? [200, metrics] : undefined));
    expect(await reader('sglang', port)()).toMatchObject({ ok: true, value: expected });
  });

  it('of Aphrodite is read as vLLM, by its own names', async () => {
    const metrics = `aphrodite:num_requests_running{model_name="m"} 1
aphrodite:generation_tokens_total{model_name="m"} 42
`;
    const { port } = await answering((path) => (path === '/metrics' ? [200, metrics] : undefined));
    expect(await reader('vllm', port)()).toMatchObject({ ok: true, value: { running: 1, made: { count: 42 } } });
  });
});

const HASH = '0c'.repeat(32);

describe('Ollama’s names', () => {
  /** Manifests as Ollama writes them: MODELS/manifests/registry/owner/model/tag. */
  function library(names: Readonly<Record<string, string>>): string {
    const models = temporaryFolder();
    for (const [name, hash] of Object.entries(names)) {
      const file = path.join(models, 'manifests', name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      const layer = (type: string, digest: string) => ({
        mediaType: `application/vnd.ollama.image.${type}`,
        digest: `sha256:${digest}`,
        size: 1678447520,
      });
      fs.writeFileSync(
        file,
        JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
          config: { mediaType: 'application/vnd.docker.container.image.v1+json', digest: `sha256:${'1'.repeat(64)}` },
          layers: [layer('model', hash), layer('license', 'f'.repeat(64)), layer('params', HASH.replace('0', '2'))],
        }),
      );
    }
    return `${models}/blobs/sha256-${HASH}`;
  }
  const names = (weights: string) =>
    ollamaNames(['/usr/lib/ollama/llama-server', '--model', weights, '--port', '44067', '--host', '127.0.0.1']);

  it('are those of the manifests that hold the weights', () => {
    const other = '3'.repeat(64);
    const weights = library({
      'registry.ollama.ai/library/gemma/2b': HASH,
      'registry.ollama.ai/me/helper/latest': HASH,
      'hf.co/bartowski/Llama-GGUF/Q4_K_M': HASH,
      'registry.ollama.ai/library/llama3/8b': other,
      'registry.ollama.ai/library/too/deep/here': HASH,
    });
    expect(names(weights)).toEqual(['hf.co/bartowski/Llama-GGUF:Q4_K_M', 'gemma:2b', 'me/helper:latest']);
  });

  it('are unknown where nothing can be read, and of any other file', () => {
    expect(names(`/nowhere/blobs/sha256-${HASH}`)).toEqual([]);
    expect(names('/models/qwen.gguf')).toEqual([]);
    expect(names(library({}))).toEqual([]);
  });

  it('survive a manifest that is being written', () => {
    const weights = library({ 'registry.ollama.ai/library/gemma/2b': HASH });
    const broken = path.join(path.dirname(weights), '../manifests/registry.ollama.ai/library/gemma/7b');
    fs.writeFileSync(broken, `{"layers":[{"digest":"sha256:${HASH}"`);
    expect(names(weights)).toEqual(['gemma:2b']);
  });
});

describe('a program of several servers', () => {
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const match: Match = { id: 'ollama', name: 'Ollama', kind: 'llm', adapter: 'ollama', evidence: 'command' };
  /** Stand-ins for processes: any number that is no process of this machine. */
  const [LEADER, ONE, TWO] = [4_194_401, 4_194_402, 4_194_403];

  function polled(
    servers: readonly ServerProcess[],
    listens: Readonly<Record<number, number>>,
    meters: MeterNote[] = [],
  ) {
    const poller = createPoller({
      wallMs: () => Date.now(),
      everyMs: 5,
      meters: () => meters,
      ports: async (pid): Promise<Result<Listening>> => {
        const port = listens[pid];
        const own = port === undefined ? [] : [{ port, address: { host: '127.0.0.1' as const, port } }];
        return ok({ own, ofUser: own, inContainer: false });
      },
    });
    onTestFinished(poller.stop);
    const follow = (all: readonly ServerProcess[]): void =>
      poller.follow([
        {
          key: 'k',
          match,
          name: 'Ollama',
          pids: all.slice(1).map(({ pid }) => pid),
          gpuUuids: ['G'],
          loads: true,
          leader: LEADER,
          servers: all,
        },
      ]);
    follow(servers);
    return { poller, follow };
  }
  const leads: ServerProcess = { pid: LEADER, adapter: 'ollama', models: [] };
  const server = (pid: number, name: string, named: number): ServerProcess => ({
    pid,
    adapter: 'llama.cpp',
    models: [name],
    named,
  });
  const ollama = () =>
    answering((path) =>
      path === '/api/ps'
        ? [
            200,
            {
              models: [
                { name: 'big:70b', size_vram: 9 },
                { name: 'small:1b', size_vram: 1 },
              ],
            },
          ]
        : undefined,
    );
  const counting = (made: () => number, running = 0) =>
    answering((path) => (path === '/metrics' ? [200, llama.metrics(made(), 0, running)] : undefined));

  it('is counted over all of them, also over one that comes later, and named by the one that works', async () => {
    const [a, b] = [{ made: 500 }, { made: 0 }];
    const [up, one, two] = [await ollama(), await counting(() => a.made), await counting(() => b.made, 1)];
    const listens = { [LEADER]: up.port, [ONE]: one.port, [TWO]: two.port };
    const first = [leads, server(ONE, 'big:70b', one.port)];
    const { poller, follow } = polled(first, listens);
    await until(() => poller.of('k')?.made === 500);
    expect(poller.of('k')).toMatchObject({ model: 'big:70b' });
    poller.begin('k', Date.now());
    a.made = 510;
    b.made = 7; // all of it is of this session: its process is new
    follow([...first, server(TWO, 'small:1b', two.port)]);
    await until(() => poller.of('k')?.outputs?.count === 17);
    expect(poller.of('k')).toMatchObject({ model: 'small:1b', running: 1 });
    follow(first); // it was unloaded
    a.made = 511;
    await until(() => poller.of('k')?.outputs?.count === 18);
    const speed = { value: expect.any(Number), unit: 'tok/s' };
    const read = { promptTokens: 0, speed };
    expect(poller.end('k').outputs).toEqual({ unit: 'token', count: 18, countedBy: 'llama.cpp', ...read });
  });

  it('shows a minimum, and says why, as long as one does not answer', async () => {
    const a = { made: 5 };
    const [up, one, two] = [await ollama(), await counting(() => a.made), await answering(() => [500, {}])];
    const listens = { [LEADER]: up.port, [ONE]: one.port, [TWO]: two.port };
    const { poller } = polled([leads, server(ONE, 'a', one.port), server(TWO, 'b', two.port)], listens);
    await until(() => poller.of('k')?.made === 5);
    poller.begin('k', Date.now());
    a.made = 9;
    await until(() => poller.of('k')?.outputs?.atLeast === true);
    expect(poller.of('k')!.note).toMatch(/^1 of 2 servers .* status 500/);
  });

  it('is counted by a meter where its servers do not count exactly, and nothing counts twice', async () => {
    const slots = { now: llama.slots2026(1, 100, 50, 50, true) };
    const [up, one] = [
      await ollama(),
      await answering((path) => {
        if (path === '/slots') return [200, slots.now];
        return path === '/metrics' ? [501, llama.disabled('metrics')] : undefined;
      }),
    ];
    const meters: MeterNote[] = [];
    const listens = { [LEADER]: up.port, [ONE]: one.port };
    const { poller } = polled([leads, server(ONE, 'small:1b', one.port)], listens, meters);
    await until(() => poller.of('k')?.made === 50);
    poller.begin('k', Date.now());
    slots.now = llama.slots2026(1, 110, 50, 60, true);
    await until(() => poller.of('k')?.outputs?.count === 10);
    expect(poller.of('k')?.outputs).toMatchObject({ countedBy: 'llama.cpp', atLeast: true });
    const note = {
      pid: 1,
      upstreamPort: up.port,
      requests: 1,
      running: 1,
      promptTokens: 5,
      images: 0,
      inexact: 0,
      busyMs: 9,
    };
    meters.push({ ...note, tokens: 4 });
    await until(() => poller.of('k')?.outputs?.countedBy === 'meter');
    slots.now = llama.slots2026(1, 120, 50, 70, true);
    meters[0] = { ...note, tokens: 14 };
    await until(() => poller.of('k')?.outputs?.count === 24);
    expect(poller.of('k')).toMatchObject({ model: 'small:1b' });
  });
});

const LISTENS =
  "require('node:net').createServer().listen(0,'0.0.0.0',function(){console.log(this.address().port)});setInterval(()=>0,1e9)";

/** A process that listens, with or without another command before it. */
async function listener(...before: readonly string[]) {
  const [command = '', ...args] = [...before, process.execPath, '-e', LISTENS];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const port = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
  return { pid: child.pid!, port };
}

describe('the ports of a process', () => {
  it('in a separate network are not taken for ours, and are not reached', async () => {
    const { pid, port } = await listener('unshare', '-r', '-n');
    const found = await portsOf(pid);
    expect(found).toMatchObject({ ok: true, value: { own: [{ port }], inContainer: true } });
    expect(found.ok && found.value.own![0]).not.toHaveProperty('address');
  });

  it('of another user are those of that user: which are its own cannot be read', async () => {
    const { pid, port } = await listener();
    const another = process.getuid!() === 0;
    if (another) process.seteuid!(65_534);
    try {
      const found = await portsOf(another ? pid : 1);
      expect(found).toMatchObject({ ok: true, value: { own: undefined } });
      if (another) expect(found.ok && found.value.ofUser.map((one) => one.port)).toContain(port);
    } finally {
      if (another) process.seteuid!(0);
    }
  });
});
