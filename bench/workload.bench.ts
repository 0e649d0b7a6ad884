// What the metering proxy adds, and what following the workload costs a tick.
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { openDatabase } from '../app/history/file/database.node.ts';
import { createStore } from '../app/recorder/store.ts';
import { openMeter } from '../app/workload/meter/proxy.node.ts';
import { createWorkloadWatch } from '../app/workload/sessions/watch.node.ts';
import { frameWith, testGpu, tickWith } from '../test/support/frames.ts';
import { median, percentile, rounded, size } from './stats.ts';

type Context = { readonly say: (text: string) => void };

/** A server in a separate process: a first event at once, or `/flood`, or an image of many megabytes in base64. */
const SERVER = `
const http = require('node:http');
const block = Buffer.alloc(1 << 20, 'A');
const flood = (response, left) => {
  while (left-- > 0) if (!response.write(block)) return response.once('drain', () => flood(response, left));
  response.end(response.tail);
};
http.createServer((request, response) => {
  request.resume();
  if (request.url === '/flood') { response.writeHead(200, { 'content-type': 'application/octet-stream' }); return flood(response, 1024); }
  if (request.url === '/image') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"data":[{"b64_json":"');
    response.tail = '"}]}';
    return flood(response, 1024);
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end('data: {"choices":[{"delta":{"content":"a"}}]}\\n\\ndata: [DONE]\\n\\n');
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;
/** A client in a separate process. It prints the rate of an answer, MB/s. */
const CLIENT = `
const http = require('node:http');
const started = performance.now();
http.get(process.argv[1], (response) => {
  let size = 0;
  response.on('data', (chunk) => (size += chunk.length));
  response.on('end', () => console.log(size / 1e6 / ((performance.now() - started) / 1000)));
});
`;

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.stdout!.once('data', (text) => resolve(String(text).trim())));

function firstByteMs(agent: http.Agent, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const request = http.request(
      { agent, host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST' },
      (answer) => {
        answer.once('data', () => {
          const tookMs = performance.now() - startedMs;
          answer.resume();
          answer.once('end', () => resolve(tookMs));
        });
      },
    );
    request.on('error', reject);
    request.end('{"stream":true}');
  });
}

const WARM = size(200, 10);

async function proxy(say: Context['say']) {
  const server = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await firstLine(server));
  const opened = await openMeter({ to: new URL(`http://127.0.0.1:${port}`), port: 0 });
  if (!opened.ok) throw new Error(opened.error.message);
  const meter = opened.value;
  const agent = new http.Agent({ keepAlive: true });

  say('Metering proxy: time to the first byte');
  const direct: number[] = [];
  const metered: number[] = [];
  for (let i = 0; i < WARM + size(2_000, 50); i++) {
    const [a, b] = [await firstByteMs(agent, port), await firstByteMs(agent, meter.port)];
    if (i < WARM) continue; // compiled as after hours of running
    direct.push(a);
    metered.push(b);
  }

  say('Metering proxy: throughput');
  const rate = async (name: string): Promise<number> => {
    const rates: number[] = [];
    for (let i = 0; i < size(5, 1); i++) {
      const client = spawn(process.execPath, ['-e', CLIENT, `http://127.0.0.1:${meter.port}/${name}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      rates.push(Number(await firstLine(client)));
    }
    return Math.round(median(rates));
  };
  const [plain, image] = [await rate('flood'), await rate('image')];
  agent.destroy();
  await meter.close();
  server.kill('SIGKILL');
  return {
    firstByteMs: {
      directP95: rounded(percentile(direct, 0.95)),
      meteredP95: rounded(percentile(metered, 0.95)),
      addedMedian: rounded(median(metered) - median(direct)),
      addedP95: rounded(percentile(metered, 0.95) - percentile(direct, 0.95)),
    },
    passedMBps: { bytes: plain, countedJson: image },
  };
}

/** Following eight cards with two programs each, lists of processes on every tenth tick as the driver gives them. */
export function attribution(say: Context['say']) {
  say('Attribution');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-workload-'));
  const opened = openDatabase(path.join(folder, 'history.db'));
  if (!opened.ok) throw new Error(opened.error.message);
  const store = createStore(opened.value.db);
  const watch = createWorkloadWatch({ store, onSessions: () => undefined });
  const children = ['/x/ComfyUI/main.py', 'vllm serve a/b'].map((text) =>
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)', ...text.split(' ')], { stdio: 'ignore' }),
  );
  const processes = children.map(({ pid }, i) => ({ pid: pid!, name: 'node', smPct: 60 - 20 * i }));
  const frames = Array.from({ length: 8 }, () => frameWith({ gpuUtilPct: 95, coreTempC: 60, powerW: 200 }));
  const tookMs: number[] = [];
  for (let i = 0; i < size(3_000, 600); i++) {
    const plain = tickWith(i * 1000, i === 0 ? undefined : 1000, frames);
    const slow = i % 10 === 0;
    const tick = {
      ...plain,
      gpus: frames.map((frame, index) => ({ gpu: testGpu(index), frame, ...(slow && { processes }) })),
    };
    const stored = store.append(tick);
    const startedMs = performance.now();
    watch.feed(tick, stored);
    tookMs.push(performance.now() - startedMs);
  }
  store.close();
  children.forEach((child) => child.kill('SIGKILL'));
  fs.rmSync(folder, { recursive: true });
  const measured = tookMs.slice(500);
  return {
    gpus: 8,
    programs: 2,
    msATick: {
      mean: rounded(measured.reduce((a, b) => a + b, 0) / measured.length),
      median: rounded(median(measured)),
      p95: rounded(percentile(measured, 0.95)),
    },
  };
}

export async function run({ say }: Context) {
  return { proxy: await proxy(say), attribution: attribution(say) };
}
