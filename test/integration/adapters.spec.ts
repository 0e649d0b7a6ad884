import { spawn } from 'node:child_process';
import type http from 'node:http';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ServerStatus } from '../../app/workload/adapters/adapter.ts';
import { adapterOf } from '../../app/workload/adapters/adapters.ts';
import { askLoopback } from '../../app/workload/adapters/loopback.node.ts';
import { createPoller } from '../../app/workload/adapters/poller.node.ts';
import { parseExposition } from '../../app/workload/adapters/prometheus.ts';
import { adapterIds, type AdapterId } from '../../app/workload/adapters/ids.ts';
import { listeningSockets, portsOf } from '../../app/workload/programs/listening.node.ts';
import { createTally, eachOutputJ } from '../../app/workload/adapters/outputs.ts';
import * as exchanges from '../fixtures/adapters/exchanges.ts';
import { replaying, serve } from '../support/loopback-server.ts';

/** Reads a replayed exchange after another, as a poller would. */
async function play(id: AdapterId, ...list: readonly exchanges.Exchange[]): Promise<ServerStatus[]> {
  let now = list[0]!;
  const { port, seen } = await serve(replaying(() => now));
  const memory = new Map<string, number>();
  const statuses: ServerStatus[] = [];
  for (const exchange of list) {
    now = exchange;
    const read = await adapterOf(id)!.read(askLoopback({ host: '127.0.0.1', port }), memory);
    if (!read.ok) throw new Error(read.error.message);
    statuses.push(read.value);
  }
  expect(seen.every((request) => request.startsWith('GET '))).toBe(true);
  return statuses;
}

describe('an adapter reads what its program reports', () => {
  it('ComfyUI: queue, model, and the images of jobs completed since', async () => {
    const [idle, working] = await play('comfyui', exchanges.comfyui.idle, exchanges.comfyui.working);
    expect(idle).toMatchObject({ running: 0, made: { unit: 'image', count: 0 }, model: 'sd_xl_base_1.0.safetensors' });
    expect(working).toMatchObject({ running: 1, waiting: 1, made: { unit: 'image', count: 4 } });
  });

  it('Stable Diffusion WebUI: steps, model, and without its folders at least one image of each batch', async () => {
    const { idle, starting, first, third, done } = exchanges.sdWebui;
    const statuses = await play('sd-webui', idle, starting, first, third, done);
    expect(statuses.map(({ made }) => made!.count)).toEqual([0, 0, 0, 2, 4]);
    expect(statuses.map(({ running }) => running)).toEqual([0, 1, 1, 1, 0]);
    expect(statuses[2]).toMatchObject({ waiting: 3, progress: 0.25, atLeast: true });
    expect(statuses[0]).toMatchObject({ model: 'v1-5-pruned.safetensors' });
    expect(statuses[4]).toMatchObject({ atLeast: true, note: expect.stringContaining('folders cannot be read') });
  });

  it('InvokeAI: its queue', async () => {
    const statuses = await play('invokeai', exchanges.invokeai.working, exchanges.invokeai.later);
    expect(statuses).toMatchObject([{ running: 1, waiting: 3, made: { count: 12 } }, { made: { count: 14 } }]);
  });

  it('KoboldCpp: the tokens of each generation that has ended, and its images', async () => {
    const { idle, working, done, several } = exchanges.koboldcpp;
    const statuses = await play('koboldcpp', idle, working, done, done, several);
    expect(statuses.map(({ made }) => made!.count)).toEqual([0, 0, 250, 250, 330]);
    expect(statuses.map(({ running }) => running)).toEqual([0, 1, 0, 0, 0]);
    expect(statuses.map(({ atLeast = false }) => atLeast)).toEqual([false, false, false, false, true]);
    expect(statuses[0]).toMatchObject({ model: 'Mistral-7B-Q4_K_M', promptTokens: 0 });
    expect(statuses[2]).toMatchObject({ promptTokens: 930, also: [{ unit: 'image', count: 2 }] });
  });

  it('Ollama: the model, and that it does not count tokens', async () => {
    const [loaded] = await play('ollama', exchanges.ollama.loaded);
    expect(loaded!.model).toBe('llama3.1:8b');
    expect(loaded!.made).toBeUndefined();
    expect(loaded!.note).toContain('slowburn meter');
  });

  it.each([
    ['llama.cpp', exchanges.llamaCpp.working, 4096, 120, 'qwen2.5-7b-q4.gguf', 1],
    ['vllm', exchanges.vllm.working, 1500, 9000, 'meta/llama', 3],
    ['sglang', exchanges.sglang.working, 7557, 8, 'qwen/qwen3', 2],
    ['tgi', exchanges.tgi.working, 222, 60, 'bigscience/bloom', 4],
  ] as const)(
    '%s: tokens, model and requests in progress',
    async (id, exchange, tokens, promptTokens, model, running) => {
      const [status] = await play(id, exchange);
      expect(status).toMatchObject({ made: { unit: 'token', count: tokens }, promptTokens, model, running });
    },
  );

  it.each([
    ['sd-webui', 'Start the WebUI with --api.'],
    ['llama.cpp', 'Start the server with --metrics.'],
    ['sglang', 'Start SGLang with --enable-metrics.'],
  ] as const)('%s without its interface says how to start it', async (id, next) => {
    const { port } = await serve(replaying(() => ({})));
    const read = await adapterOf(id)!.read(askLoopback({ host: '127.0.0.1', port }), new Map());
    expect(read).toMatchObject({ ok: false, error: { next } });
  });
});

const hostile: Record<string, http.RequestListener> = {
  'is silent': () => undefined,
  'drips without end': (_request, response) => {
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  },
  'floods without end': (_request, response) => {
    const flood = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65536, 'x'))) void 0;
    };
    response.on('drain', flood);
    flood();
  },
  'breaks off': (_request, response) => {
    response.write('{"queue_running": [');
    setTimeout(() => response.destroy(), 10);
  },
  'sends it elsewhere': (_request, response) => {
    response.writeHead(302, { location: 'http://203.0.113.1/' });
    response.end();
  },
  'answers with an error': (_request, response) => {
    response.statusCode = 500;
    response.end('{"trace": "…"}');
  },
  'speaks no JSON': (_request, response) => void response.end('<html>hello</html>'),
  'nests without end': (_request, response) => void response.end('['.repeat(1e6)),
  'lies about its length': (_request, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.end('{}');
  },
};

describe('a hostile server harms nothing', () => {
  it.each(Object.keys(hostile))('%s: every adapter ends in time, with a sentence', async (name) => {
    const { port } = await serve(hostile[name]!);
    const reads = await Promise.all(
      adapterIds.map((id) => adapterOf(id)!.read(askLoopback({ host: '127.0.0.1', port }, 500), new Map())),
    );
    for (const read of reads) {
      expect(read.ok).toBe(false);
      if (!read.ok) expect(read.error.message).toMatch(/^The program/);
    }
  });

  it('is never followed off loopback', async () => {
    const { port } = await serve(hostile['sends it elsewhere']!);
    const answer = await askLoopback({ host: '127.0.0.1', port })('/queue');
    expect(answer).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  });

  it('whatever JSON it sends, an adapter answers with a Result', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.constantFrom(...adapterIds), async (text, id) => {
        const read = await adapterOf(id)!.read(async () => ({ ok: true, value: text }), new Map());
        expect(typeof read.ok).toBe('boolean');
      }),
    );
  });

  it('whatever lines it exports, only what fits is read', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { value } of parseExposition(text, new Set(['a']))) expect(value).not.toBeNaN();
      }),
    );
    const named = new Set(['a', 'broken', 'nan']);
    expect(parseExposition('a{b="c\\"d",e="f"} 1e3 17\nbroken{ 2\n# x 1\nnan NaN\nother 3', named)).toEqual([
      { name: 'a', labels: { b: 'c\\"d', e: 'f' }, value: 1000 },
    ]);
  });
});

describe('what a hostile server claims', () => {
  const name = 'vllm:num_requests_running';
  it.each([
    ['a word without end', `${name}{${'b'.repeat(8e6)}} 1`],
    ['lines of long words', `${name}{${'b'.repeat(8000)}} 1\n`.repeat(1000)],
    ['labels without end', `${name}{${'b="\\'.repeat(2e6)}} 1`],
    ['brackets without end', `${name}{${'} 1'.repeat(2e6)} x`],
    ['spaces without end', `${name} 1${' '.repeat(8e6)}x`],
    ['samples without end', `${name}{model_name="x"} 1\n`.repeat(2e5)],
  ])('%s does not hold up the collector (it took minutes)', async (_what, text) => {
    const read = await adapterOf('vllm')!.read(async () => ({ ok: true, value: text }), new Map());
    expect(typeof read.ok).toBe('boolean');
  });

  it.each([1e15, 1e300, 4e9, 0.5, 2 ** 53])('that it made %d pictures fits into a session all the same', (claim) => {
    const tally = createTally();
    [0, claim, claim + 1].forEach((told, i) => tally.add(told, i * 1000));
    const each = eachOutputJ(tally.marks(), [
      { tsMs: 0, totalJ: 0 },
      { tsMs: 2000, totalJ: 100 },
    ]);
    expect(each.length).toBeLessThanOrEqual(2000);
    expect(Number.isSafeInteger(tally.total())).toBe(true);
  });
});

describe('the port of a program', () => {
  it('is found only among its own sockets', async () => {
    const script =
      "require('node:net').createServer().listen(0,'127.0.0.1',function(){console.log(this.address().port)})";
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const port = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
    const { port: ours } = await serve(() => undefined);
    const found = await portsOf(child.pid!);
    expect(found).toEqual({ ok: true, value: [{ host: '127.0.0.1', port }] });
    const own = await portsOf(process.pid);
    expect(own.ok && own.value.map((address) => address.port)).toContain(ours);
  });

  it('of a process that has ended cannot be read, and the error says so', async () => {
    expect(await portsOf(2 ** 22)).toMatchObject({ ok: false, error: { code: 'not-found' } });
  });

  it('is read from the kernel’s table: loopback and any address, listening alone', () => {
    const row = (local: string, state: string) => `  0: ${local} 00000000:0000 ${state} 0:0 00:0 0 1000 0 4242 1`;
    const table = [
      'heading',
      row('0100007F:1F90', '0A'),
      row('00000000:1F91', '0A'),
      row('0100007F:1F92', '01'),
      row('0A01A8C0:1F93', '0A'),
      row('00000000000000000000000001000000:1F94', '0A'),
    ].join('\n');
    expect(listeningSockets(table).map(({ address }) => `${address.host} ${address.port}`)).toEqual([
      '127.0.0.1 8080',
      '127.0.0.1 8081',
      '::1 8084',
    ]);
  });
});

describe('the poller', () => {
  const program = (pid: number) => ({
    key: 'k',
    match: {
      id: 'llama.cpp',
      name: 'llama.cpp',
      kind: 'llm' as const,
      adapter: 'llama.cpp' as const,
      evidence: 'command' as const,
    },
    name: 'llama.cpp',
    pids: [pid],
    gpuUuids: ['GPU'],
    loads: true,
    leader: pid,
  });
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('counts what a session produces, from its beginning to its end', async () => {
    let tokens = 100;
    const text = () => exchanges.llamaCpp.working['/metrics'].replace('4096', String(tokens));
    const { port, seen } = await serve(replaying(() => ({ ...exchanges.llamaCpp.working, '/metrics': text() })));
    const poller = createPoller({
      wallMs: () => Date.now(),
      everyMs: 10,
      ports: async () => ({ ok: true, value: [{ host: '127.0.0.1', port }] }),
    });
    onTestFinished(poller.stop);
    const startedMs = Date.now();
    poller.follow([program(process.pid)]);
    await until(() => poller.of('k')?.running === 1);
    tokens = 350;
    const before = seen.length;
    await until(() => seen.length > before + 2);
    expect(poller.of('k')!.outputs).toBeUndefined(); // nothing of a session that has not begun
    poller.begin('k', startedMs);
    expect(poller.of('k')!.outputs).toMatchObject({ unit: 'token', count: 250 });
    expect(poller.end('k').outputs).toMatchObject({ unit: 'token', count: 250, countedBy: 'llama.cpp' });
    expect(poller.of('k')).toMatchObject({ model: 'qwen2.5-7b-q4.gguf' });
  });

  it('notes a program that cannot be read, and continues', async () => {
    const { port } = await serve(hostile['answers with an error']!);
    const poller = createPoller({
      wallMs: () => Date.now(),
      everyMs: 10,
      ports: async () => ({ ok: true, value: [{ host: '127.0.0.1', port }] }),
    });
    onTestFinished(poller.stop);
    poller.follow([program(process.pid)]);
    await until(() => poller.of('k')?.note !== undefined);
    expect(poller.of('k')!.note).toContain('answered /metrics with status 500');
    expect(poller.end('k')).toEqual({});
  });
});
