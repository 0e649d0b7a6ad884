// The whole path of a sample, and the memory of the application.
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { openCollector } from '../app/recorder/collector.node.ts';
import { defaultSettings } from '../app/settings/settings.ts';
import { compileMock } from '../test/support/mock-nvml.ts';
import { cpuMsEach, nodeNvidiaSmi, stubNvidiaSmi } from './baseline.ts';
import { withDisplay } from './display.ts';
import { documentOf } from './documents.ts';
import { memoryOf, processesBelow, threadsMsOf } from './processes.ts';
import { median, rounded, size } from './stats.ts';

type Context = { readonly electron: { readonly executable: string }; readonly say: (text: string) => void };

const checkout = process.cwd();
const threads = new URL('../out/node/', import.meta.url);
const folderFor = (name: string): string => fs.mkdtempSync(path.join(os.tmpdir(), `slowburn-bench-${name}-`));
const WARM_MS = size(10_000, 500);
const MEASURE_MS = size(10_000, 500);
const PACED_S = size(30, 3);
const STARTS = size(7, 1);
const MEMORY_AFTER_MS = size(15_000, 1_000);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU milliseconds per second of a separate program that samples once per second. */
async function cpuMsASecond(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [...args], { stdio: 'ignore', env: { ...process.env, ...env } });
  await sleep(WARM_MS);
  const before = threadsMsOf(child.pid!);
  await sleep(PACED_S * 1000);
  const used = threadsMsOf(child.pid!) - before;
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGINT');
  await ended;
  return used / PACED_S;
}

/** One sample after the other: mock driver → decode → SQLite → wear → alerts → a copy as for the window. */
async function ownTick(gpus: number): Promise<number> {
  const folder = folderFor('tick');
  process.env['MOCK_NVML_COUNT'] = String(gpus);
  let ticks = 0;
  const opened = await openCollector(
    {
      source: { kind: 'nvml', library: compileMock() },
      speed: 1,
      dataFolder: folder,
      settings: { ...defaultSettings, intervalMs: 5 },
      suspended: [],
      restarted: false,
      startedBy: 'monitor',
    },
    {
      onTick(tick) {
        structuredClone(tick);
        ticks++;
      },
      onAlerts: () => undefined,
      onSessions: () => undefined,
    },
    threads,
  );
  if (!opened.ok) throw new Error(opened.error.message);
  await sleep(WARM_MS); // compiled as after hours of running
  const each = await cpuMsEach(MEASURE_MS, () => ticks);
  await opened.value.stop();
  delete process.env['MOCK_NVML_COUNT'];
  fs.rmSync(folder, { recursive: true });
  return each;
}

/** Both programs once per second, each in a separate process, with the processor idle in between. */
async function oncePerSecond(gpus: number): Promise<readonly [own: number, theirs: number]> {
  const data = folderFor('monitor');
  const program = path.join(checkout, 'out/node/slowburn.js');
  const own = await cpuMsASecond([program, 'monitor', '--source', `nvml:${compileMock()}`, '--data-dir', data], {
    MOCK_NVML_COUNT: String(gpus),
  });
  const stub = stubNvidiaSmi(gpus);
  const script = "const smi = require('node-nvidia-smi'); setInterval(() => smi(() => {}), 1000);";
  const theirs = await cpuMsASecond(['-e', script], { PATH: `${stub}:${process.env['PATH']}` });
  fs.rmSync(data, { recursive: true });
  fs.rmSync(stub, { recursive: true });
  return [own, theirs];
}

type Run = { readonly app: ChildProcess; readonly firstValueMs: number; readonly folder: string };

/** Starts the window and reads from its own clock when the first value was painted. */
async function startWindow(executable: string, display: string): Promise<Run> {
  const folder = folderFor('window');
  const env = {
    ...process.env,
    DISPLAY: display,
    ...(process.getuid?.() === 0 ? { ELECTRON_DISABLE_SANDBOX: '1' } : {}),
  };
  const args = [checkout, '--source', 'simulator', '--data-dir', folder, '--remote-debugging-port=0', '--log-level=3'];
  const startedMs = Date.now();
  const app = spawn(executable, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  const address = await new Promise<string>((resolve) => {
    let said = '';
    app.stderr.on('data', (text) => {
      said += String(text);
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]!);
    });
  });
  const browser = await chromium.connectOverCDP(address);
  while (browser.contexts()[0]!.pages().length === 0) await sleep(50);
  const page = browser.contexts()[0]!.pages()[0]!;
  await page.getByRole('article').first().waitFor();
  await sleep(300);
  const paintedMs = await page.evaluate(
    () => performance.timeOrigin + performance.getEntriesByName('first-value')[0]!.startTime,
  );
  await browser.close();
  return { app, folder, firstValueMs: paintedMs - startedMs };
}

async function stopWindow({ app, folder }: Run): Promise<void> {
  const ended = new Promise((resolve) => app.on('exit', resolve));
  app.kill('SIGTERM');
  await ended;
  fs.rmSync(folder, { recursive: true, force: true });
}

async function cpuATick(say: Context['say']) {
  const backToBack: Record<string, number> = {};
  const paced: Record<string, number> = {};
  for (const gpus of [1, 8]) {
    say(`CPU per tick, ${gpus} GPUs`);
    const note = (figures: Record<string, number>, own: number, theirs: number): void => {
      figures[`slowburn${gpus}Gpus`] = rounded(own);
      figures[`nodeNvidiaSmi${gpus}Gpus`] = rounded(theirs);
      figures[`nodeNvidiaSmiToSlowburn${gpus}Gpus`] = rounded(theirs / own);
    };
    note(backToBack, await ownTick(gpus), await nodeNvidiaSmi(gpus));
    note(paced, ...(await oncePerSecond(gpus)));
  }
  return { backToBack, oncePerSecond: paced };
}

export async function run({ electron, say }: Context) {
  const cpuMsATick = await cpuATick(say);
  const [starts, memory] = await withDisplay(async (display) => {
    const times: number[] = [];
    for (let i = 0; i < STARTS; i++) {
      const started = await startWindow(electron.executable, display);
      times.push(started.firstValueMs);
      await stopWindow(started);
    }
    say(`Memory after ${MEMORY_AFTER_MS / 1000} s`);
    const started = await startWindow(electron.executable, display);
    await sleep(MEMORY_AFTER_MS);
    const processes = processesBelow(started.app.pid!).map(({ pid, name }) => ({ name, ...memoryOf(pid) }));
    await stopWindow(started);
    return [times, processes] as const;
  });
  return {
    cpuMsATick,
    document: documentOf(1).from,
    firstValueMs: {
      median: Math.round(median(starts)),
      best: Math.round(Math.min(...starts)),
      worst: Math.round(Math.max(...starts)),
    },
    memoryMiB: {
      pssWholeApp: Math.round(memory.reduce((sum, { pss }) => sum + pss, 0)),
      processes: memory.map(({ name, rss, pss }) => ({ name, rss: Math.round(rss), pss: Math.round(pss) })),
    },
  };
}
