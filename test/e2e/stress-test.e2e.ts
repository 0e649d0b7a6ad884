import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { compileLibrary } from '../support/compile-library.ts';
import { expect, test } from './app.ts';

const short = { idleMs: 500, rampMs: 500, soakMs: [3000, 4000], coolMs: 500, maxMs: 60_000 } as const;
type Status = {
  running: boolean;
  phase: string;
  adapter?: string;
  software?: boolean;
  gflop: number;
  gbyte: number;
  ending?: string;
  error?: string;
  energyJ?: number;
};

for (const shape of ['diffusion', 'autoregressive'] as const) {
  test(`runs through its phases on the software adapter and says so: ${shape}`, async ({ slowburn }) => {
    const { page, complaints } = await slowburn.launch('--source', 'simulator');
    await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
    const status = (): Promise<Status> =>
      page.evaluate(async () => ((await window.slowburn.ask('stressTest.status')) as { value: Status }).value);
    await page.evaluate(
      ([wanted, plan]) => window.slowburn.ask('stressTest.start', { shape: wanted, gpuUuid: 'SIM-0001-00', plan }),
      [shape, short] as const,
    );
    await expect.poll(async () => (await status()).phase, { timeout: 40_000 }).toBe('soak');
    await expect
      .poll(async () => (await status()).ending ?? (await status()).error, { timeout: 40_000 })
      .toBe('complete');
    const done = await status();
    expect(done).toMatchObject({ running: false, software: true });
    expect(done.adapter).toContain('swiftshader');
    expect(done.gflop).toBeGreaterThan(0);
    expect(done.gbyte).toBeGreaterThan(0);
    expect(done.energyJ).toBeUndefined(); // a processor and a simulated card say nothing about any card
    expect(complaints).toEqual([]);
  });
}

test('ends when it is aborted, and at its hard stop', async ({ slowburn }) => {
  const { page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  const status = (): Promise<Status> =>
    page.evaluate(async () => ((await window.slowburn.ask('stressTest.status')) as { value: Status }).value);
  const start = (plan: object): Promise<unknown> =>
    page.evaluate(
      (given) => window.slowburn.ask('stressTest.start', { shape: 'diffusion', gpuUuid: 'SIM-0001-00', plan: given }),
      plan,
    );
  await start(short);
  await expect.poll(async () => (await status()).phase, { timeout: 40_000 }).toBe('soak');
  await page.evaluate(() => window.slowburn.ask('stressTest.stop'));
  expect(await status()).toMatchObject({ running: false, ending: 'aborted' });
  await start({ ...short, soakMs: [60_000, 60_000], maxMs: 3000 });
  await expect.poll(async () => (await status()).ending, { timeout: 40_000 }).toBe('time');
});

/** A stand-in for the card's Vulkan driver, where the Vulkan loader finds it. Answers where it writes that it was loaded. */
function mockVulkan(environment: Record<string, string>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-vulkan-'));
  const [log, manifests] = [path.join(folder, 'log'), path.join(folder, 'vulkan/icd.d')];
  const library = compileLibrary(path.resolve(import.meta.dirname, '../mock-vulkan'));
  const manifest = { file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.3.0' } };
  fs.mkdirSync(manifests, { recursive: true });
  fs.writeFileSync(path.join(manifests, 'nvidia_icd.json'), JSON.stringify(manifest));
  environment['XDG_DATA_HOME'] = folder;
  environment['MOCK_VULKAN_LOG'] = log;
  return log;
}

test('loads the Vulkan driver of the card, which the window never does', async ({ slowburn }) => {
  const log = mockVulkan(slowburn.environment);
  const { page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  expect(fs.existsSync(log)).toBe(false);
  await page.evaluate(
    (plan) => window.slowburn.ask('stressTest.start', { shape: 'diffusion', gpuUuid: 'SIM-0001-00', plan }),
    short,
  );
  await expect.poll(() => fs.existsSync(log), { timeout: 20_000 }).toBe(true);
});

test('comes to the processor past a driver that takes its process with it', async ({ slowburn }) => {
  const log = mockVulkan(slowburn.environment);
  slowburn.environment['MOCK_VULKAN_ABORT'] = '1';
  const { page } = await slowburn.launch('--source', 'simulator');
  await expect(page.getByRole('img', { name: /^Core temperature/ })).toBeVisible();
  await page.evaluate(
    (plan) => window.slowburn.ask('stressTest.start', { shape: 'diffusion', gpuUuid: 'SIM-0001-00', plan }),
    short,
  );
  const status = (): Promise<Status> =>
    page.evaluate(async () => ((await window.slowburn.ask('stressTest.status')) as { value: Status }).value);
  await expect
    .poll(async () => (await status()).ending ?? (await status()).error, { timeout: 50_000 })
    .toBe('complete');
  expect(await status()).toMatchObject({ software: true });
  expect(fs.existsSync(log)).toBe(true);
});
