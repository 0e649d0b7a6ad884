import path from 'node:path';
import { createInterface } from 'node:readline';
import { app, BrowserWindow, MessageChannelMain } from 'electron';
import type { StressTestReport, StressTestWay } from '../app/load/messages.ts';
import { ORIGIN, serveApp } from './protocol.ts';
import { toParent } from './terminal.ts';

const switches: Readonly<Record<StressTestWay, readonly (readonly [name: string, value?: string])[]>> = {
  vulkan: [['use-angle', 'vulkan'], ['disable-vulkan-surface']], // nothing is ever shown
  opengl: [],
  software: [
    ['use-webgpu-adapter', 'swiftshader'],
    ['use-vulkan', 'swiftshader'],
    ['use-angle', 'swiftshader'],
  ],
};

/** Turns WebGPU on, which the window's own process has not. Call before the app is ready. */
export function prepareStressTest(way: StressTestWay): void {
  app.commandLine.appendSwitch('enable-unsafe-webgpu'); // WebGPU on Linux is behind it
  app.commandLine.appendSwitch('enable-features', 'Vulkan');
  for (const [name, value] of switches[way]) app.commandLine.appendSwitch(name, value);
}

/**
 * The process of the stress test: one hidden, sandboxed page that takes orders from standard input and reports to standard
 * output, a line of JSON each. It ends when its input closes, so the load cannot outlive whoever started it.
 */
export async function runStressTest(out: string): Promise<void> {
  serveApp(path.join(out, 'renderer'), async () => '');
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      preload: path.join(out, 'stress-test-preload', 'stress-test-preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      backgroundThrottling: false, // it is never shown, and must not be slowed for that
    },
  });
  const { port1: page, port2: own } = new MessageChannelMain();
  own.on('message', ({ data }) => toParent.json(data));
  own.start();
  const orders = createInterface({ input: process.stdin });
  orders.on('line', (line) => own.postMessage(JSON.parse(line)));
  orders.on('close', () => app.exit(0));
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    toParent.json({ type: 'failed', why: 'page-ended', detail: reason } satisfies StressTestReport);
    app.exit(1);
  });
  await window.loadURL(`${ORIGIN}/stress-test.html`);
  window.webContents.postMessage('stressTest', null, [page]);
}
