import { _electron, expect, test as base, type ElectronApplication, type Page } from '@playwright/test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {} from '../../renderer/bridge.ts'; // window.slowburn

const checkout = path.resolve(import.meta.dirname, '../..');
export const screenshots = path.join(
  process.env['SLOWBURN_TEST_OUTPUT'] ?? path.join(checkout, 'test-results'),
  'screenshots',
);

export type Launched = {
  readonly app: ElectronApplication;
  readonly page: Page;
  /** what a person would find in the developer tools: errors of scripts, and violations of the page's policy */
  readonly complaints: string[];
};

export type Slowburn = {
  readonly dataFolder: string;
  /** variables for what is launched next */
  readonly environment: Record<string, string>;
  readonly launch: (...args: readonly string[]) => Promise<Launched>;
  /** Launches without waiting for a window. */
  readonly start: (...args: readonly string[]) => Promise<ElectronApplication>;
  /** What is launched next is a copy in which `code` runs first in a built file, such as `node/collector.js`. */
  readonly insert: (file: string, code: string) => void;
};

/** A copy of the built application that finds its dependencies. */
export function copyOfApplication(): string {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-copy-'));
  fs.copyFileSync(path.join(checkout, 'package.json'), path.join(copy, 'package.json'));
  fs.cpSync(path.join(checkout, 'out'), path.join(copy, 'out'), { recursive: true });
  fs.symlinkSync(path.join(checkout, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
  return copy;
}

/** The built application in the real Electron, with Chromium's sandbox on, with its own data folder. */
export const test = base.extend<{ slowburn: Slowburn }>({
  slowburn: async ({}, use, info) => {
    const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-e2e-'));
    const running: ElectronApplication[] = [];
    const stderr: string[] = [];
    const environment: Record<string, string> = {};
    let application = checkout;
    async function start(...args: readonly string[]): Promise<ElectronApplication> {
      // a folder that is named is a wish; one from the environment is where a person's data is
      const folder = environment['SLOWBURN_DATA_DIR'] === undefined ? ['--data-dir', dataFolder] : [];
      const options = {
        cwd: checkout,
        args: [application, ...folder, '--log-level=3', ...args],
        chromiumSandbox: true,
        colorScheme: null,
        env: { ...(process.env as Record<string, string>), LANG: 'en_US.UTF-8', TZ: 'UTC', ...environment },
      };
      const app = await _electron.launch(options).catch((error: unknown) => {
        // Electron itself ended before it ran a line of ours: seen once in hundreds of starts on a busy machine
        if (!/Process failed to launch/.test(String(error))) throw error;
        process.stderr.write('Electron ended while it was starting. It is started once more.\n');
        return _electron.launch(options);
      });
      running.push(app);
      app.process().stderr?.on('data', (text) => stderr.push(String(text)));
      return app;
    }
    await use({
      dataFolder,
      environment,
      insert(file, code) {
        if (application === checkout) application = copyOfApplication();
        const built = path.join(application, 'out', file);
        fs.writeFileSync(built, `${code}\n${fs.readFileSync(built, 'utf8')}`);
      },
      start,
      async launch(...args) {
        const app = await start(...args);
        const page = await app.firstWindow();
        const complaints: string[] = [];
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('console', (message) => {
          if (message.type() === 'error') complaints.push(message.text());
        });
        await page.waitForLoadState('domcontentloaded');
        return { app, page, complaints };
      },
    });
    await Promise.all(running.map((app) => app.close().catch(() => undefined)));
    if (info.status !== info.expectedStatus) await info.attach('stderr', { body: stderr.join('') });
    fs.rmSync(dataFolder, { recursive: true, force: true });
    if (application !== checkout) fs.rmSync(application, { recursive: true, force: true });
  },
});

/** Opens a page by its name in the navigation. */
export async function open(page: Page, name: string): Promise<void> {
  await page
    .getByRole('navigation')
    .getByRole('button', { name: new RegExp(`^${name}`) })
    .click();
}

/** The process id of the collector, as Electron knows it. */
export const collectorPid = (app: ElectronApplication): Promise<number | undefined> =>
  app.evaluate(({ app: electron }) => electron.getAppMetrics().find(({ name }) => name === 'Slowburn collector')?.pid);

export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(screenshots, `${name}.png`) });
}

/** Answers the system's dialogs, and keeps what they said. */
export const answerDialogs = (app: ElectronApplication, button: number): Promise<void> =>
  app.evaluate(({ dialog }, response) => {
    const asked = ((globalThis as { asked?: string[] }).asked ??= []);
    dialog.showMessageBox = (async (...args: { message: string }[]) => {
      asked.push(args.at(-1)!.message);
      return { response, checkboxChecked: false };
    }) as never;
  }, button);

export { expect };
