// CPU of the application while no person uses it: each page, the hidden window, the tray, and the recorder.
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { seedHistory } from '../test/support/seed-history.ts';
import { withDisplay } from './display.ts';
import { cpuMsOf, processesBelow } from './processes.ts';
import { rounded, size } from './stats.ts';

type Context = { readonly electron: { readonly executable: string }; readonly say: (text: string) => void };
type Rest = Readonly<Record<string, number>> & { readonly corePct: number };

const checkout = process.cwd();
const GPUS = 8;
const PAGES = ['Live', 'History', 'Workloads', 'Wear', 'Alerts', 'Report', 'Settings'] as const;
const RECORDER = 'node.mojom.NodeService';
const SETTLE_MS = size(6_000, 200); // answers have come, and what was compiled for a page has been
const MEASURE_MS = size(20_000, 1_000);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Order = { readonly script: string } | { readonly method: 'hide' | 'show' | 'destroy' };

/** Has the window's process do something, and waits for what came of it. */
function order(app: ChildProcess, asked: Order): Promise<unknown> {
  const answer = new Promise((resolve) => {
    const take = (said: unknown): void => {
      if (typeof said !== 'object' || said === null) return; // not an answer: the application says that it is ready
      app.off('message', take);
      resolve((said as { value: unknown }).value);
    };
    app.on('message', take);
  });
  app.send(asked);
  return answer;
}

async function until(app: ChildProcess, script: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if ((await order(app, { script })) === true) return;
    await sleep(100);
  }
  throw new Error(`Waited in vain for: ${script}`);
}

/** CPU of each process of the application over a while, in percent of one core. */
async function measure(app: ChildProcess): Promise<{ readonly window: Rest; readonly recorder: number }> {
  const processes = processesBelow(app.pid!);
  const before = processes.map(({ pid }) => cpuMsOf(pid));
  const startedMs = performance.now();
  await sleep(MEASURE_MS);
  const elapsedMs = performance.now() - startedMs;
  const shares: Record<string, number> = {};
  processes.forEach(({ pid, name }, i) => {
    const share = (100 * (cpuMsOf(pid) - before[i]!)) / elapsedMs;
    shares[name] = (shares[name] ?? 0) + Math.max(0, share);
  });
  const { [RECORDER]: recorder = 0, ...others } = shares;
  const corePct = Object.values(others).reduce((a, b) => a + b, 0);
  const told = Object.entries(others).filter(([, share]) => share > 0);
  return {
    window: { corePct: rounded(corePct), ...Object.fromEntries(told.map(([name, share]) => [name, rounded(share)])) },
    recorder: rounded(recorder),
  };
}

export async function run({ electron, say }: Context) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-bench-rest-'));
  seedHistory(folder, 3, { uuid: 'SIM-0001-00', name: 'Simulated 450 W card' });
  const results: Record<string, unknown> = { gpus: GPUS };
  await withDisplay(async (display) => {
    const control = path.join(checkout, 'bench/remote-control.cjs');
    const args = ['-r', control, checkout, '--source', `simulator:${GPUS}`, '--data-dir', folder, '--log-level=3'];
    const env = {
      ...process.env,
      DISPLAY: display,
      ...(process.getuid?.() === 0 ? { ELECTRON_DISABLE_SANDBOX: '1' } : {}),
    };
    const app = spawn(electron.executable, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env });
    await sleep(1_000);
    await until(app, `document.querySelectorAll('article').length === ${GPUS}`);
    await sleep(size(60_000, 500)); // at rest: what runs often is compiled

    const state = async (name: string): Promise<void> => {
      await sleep(SETTLE_MS);
      const { window, recorder } = await measure(app);
      say(`${name}: ${JSON.stringify(window)}, recorder ${recorder} %`);
      results[name] = window;
      if (name === 'tray') results['recorder'] = { corePct: recorder };
    };
    for (const name of PAGES) {
      const button = `[...document.querySelectorAll('nav button')].find((one) => one.textContent.startsWith('${name}'))`;
      await order(app, { script: `${button}.click()` });
      await until(app, `${button}.getAttribute('aria-current') === 'page'`);
      await state(name.toLowerCase());
    }
    for (const name of ['Live', 'History'] as const) {
      const button = `[...document.querySelectorAll('nav button')].find((one) => one.textContent.startsWith('${name}'))`;
      await order(app, { script: `${button}.click()` });
      await order(app, { method: 'hide' });
      await state(`${name.toLowerCase()}Hidden`);
      await order(app, { method: 'show' });
    }
    await order(app, { method: 'destroy' });
    await state('tray');
    const ended = new Promise((resolve) => app.on('exit', resolve));
    app.kill('SIGTERM');
    await ended;
  });
  fs.rmSync(folder, { recursive: true, force: true });
  return results;
}
