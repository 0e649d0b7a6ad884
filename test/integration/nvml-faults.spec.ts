import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { SourceSample, TelemetrySource } from '../../app/telemetry/source.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { compileMock, controlMock, logMock } from '../support/mock-nvml.ts';
import { at, openMock, readUntil } from '../support/nvml-source.ts';

// What can happen to a driver while it is being read, on the real thread. Waiting is shortened, nothing else.
const soon = { hangMs: 300, calmMs: 300, reopenMs: 200, restartMs: 300, slowMs: 300, rareMs: 1000 };
const states = (sample: SourceSample): string[] => sample.gpus.map((_, gpu) => at(sample, gpu, 'coreTempC').state);
const uuids = (sample: SourceSample): string[] => sample.gpus.map(({ gpu }) => gpu.uuid).sort();

describe('a call that never returns', () => {
  it.each([
    ['at each tick', 'nvmlDeviceGetPowerUsage'],
    ['on the slow cadence', 'nvmlDeviceGetComputeRunningProcesses_v3'],
    ['on the rare cadence', 'nvmlDeviceGetTotalEccErrors'],
  ])('about one of three GPUs, %s, leaves the others to a second thread until it returns', async (_, symbol) => {
    const control = controlMock('set -1 count 3', 'profile * a100');
    const source = await openMock({ patience: soon });
    const before = await source.read(2000);
    control.set('set -1 count 3', 'profile * a100', `hang 1 ${symbol}`);
    const beside = await readUntil(
      source,
      (sample) => sample.fault?.code === 'nvml-gpu-hangs' && states(sample)[2] === 'value',
    );
    expect(states(beside)).toEqual(['value', 'stalled', 'value']);
    expect(beside.fault!.message).toContain('has not answered for');
    control.set('set -1 count 3', 'profile * a100', 'set 1 temp 77');
    const times = [beside.monoMs];
    const back = await readUntil(
      source,
      (sample) => states(sample).every((state) => state === 'value'),
      ({ monoMs }) => times.push(monoMs),
    );
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b)); // what came late does not lie before
    expect(back.fault).toBeUndefined();
    expect(uuids(back)).toEqual(uuids(before));
    expect(at(back, 1, 'coreTempC')).toMatchObject({ value: 77 });
  });

  it.each([
    ['in the order in which they hung', 0, 1],
    ['the later one first', 1, 0],
  ])('about two of three GPUs leaves the third to a third thread, and all are back: %s', async (_, first, second) => {
    const hang = (gpu: number): string => `hang ${gpu} nvmlDeviceGetTemperature`;
    const control = controlMock('set -1 count 3');
    const source = await openMock({ patience: soon });
    const before = await source.read(2000);
    control.set('set -1 count 3', hang(0), hang(1));
    const beside = await readUntil(
      source,
      (sample) => states(sample)[2] === 'value' && states(sample)[1] === 'stalled',
    );
    expect(states(beside)).toEqual(['stalled', 'stalled', 'value']);
    control.set('set -1 count 3', hang(second));
    await readUntil(source, (sample) => states(sample)[first] === 'value' && sample.fault?.code === 'nvml-gpu-hangs');
    control.set('set -1 count 3');
    const back = await readUntil(source, (sample) => states(sample).every((state) => state === 'value'));
    expect(back.fault).toBeUndefined();
    expect(uuids(back)).toEqual(uuids(before));
  });
});

describe('a call that never returns while another GPU is lost', () => {
  const six = ['set -1 count 6', 'code 1 * 15'];
  const hang = 'hang 3 nvmlDeviceGetTemperature';

  it('leaves the healthy ones their readings, also when their threads become one again', async () => {
    const control = controlMock('set -1 count 6');
    // a lost GPU is tried again long after threads have been rearranged
    const source = await openMock({ patience: { ...soon, reopenMs: 20_000 } });
    await source.read(2000);
    control.set(...six);
    await readUntil(source, (sample) => states(sample)[1] === 'lost');
    control.set(...six, hang);
    const expected = ['value', 'lost', 'value', 'stalled', 'value', 'value'];
    await readUntil(source, (sample) => states(sample).join() === expected.join());
    const log = logMock();
    const healthy = new Set<string>();
    const note = (sample: SourceSample): void => [0, 2, 4, 5].forEach((gpu) => healthy.add(states(sample)[gpu]!));
    await readUntil(source, () => log.calls().includes('-1 nvmlShutdown'), note); // threads are being ended
    for (let tick = 0; tick < 15; tick++) note(await source.read(2000));
    expect([...healthy]).toEqual(['value']);
    control.set('set -1 count 6');
    const back = await readUntil(source, (sample) => states(sample)[3] === 'value');
    expect(states(back)[4]).toBe('value');
  });

  it('does not delay a GPU that is added', async () => {
    const control = controlMock('set -1 count 2', 'code 1 * 15');
    const source = await openMock({ patience: { ...soon, reopenMs: 20_000 } });
    await readUntil(source, (sample) => states(sample)[0] === 'value');
    control.set('set -1 count 3', 'code 1 * 15');
    const grown = await readUntil(source, ({ gpus }) => gpus.some(({ gpu }) => /2$/.test(gpu.uuid)));
    expect(at(grown, 0, 'coreTempC').state).toBe('value');
  });
});

describe('several calls that do not return', () => {
  const eight = 'set -1 count 8';
  const patience = { ...soon, hangMs: 800, openMs: 800, slowMs: 600, rareMs: 1200, calmMs: 600 };
  const settings = { intervalMs: 200, pcieThroughput: false };
  /** Longer than the sampler waits: a busy machine takes its time to start threads. */
  const read = (source: TelemetrySource): Promise<SourceSample> => source.read(20_000);
  const hang = (gpus: readonly number[], symbol: string): string[] => gpus.map((gpu) => `hang ${gpu} ${symbol}`);
  const allWell = (sample: SourceSample): boolean =>
    sample.gpus.length === 8 && states(sample).every((state) => state === 'value');

  it.each([
    ['the first, the last and three between', [0, 2, 3, 5, 7], 'nvmlDeviceGetPowerUsage'],
    ['the first five', [0, 1, 2, 3, 4], 'nvmlDeviceGetTemperature'],
    ['the last five, on the slow cadence', [3, 4, 5, 6, 7], 'nvmlDeviceGetComputeRunningProcesses_v3'],
    ['every other and one more, on the rare cadence', [0, 2, 4, 6, 7], 'nvmlDeviceGetMaxClockInfo'],
    ['five whatever is asked of them', [1, 2, 4, 5, 6], '*'],
  ])('in five of eight GPUs at once leave the others their readings: %s', async (_, gpus, symbol) => {
    const control = controlMock(eight);
    const source = await openMock({ patience, settings });
    expect(allWell(await read(source))).toBe(true);
    control.set(eight, ...hang(gpus, symbol));
    const after: string[][] = [];
    const expected = Array.from({ length: 8 }, (_, gpu) => (gpus.includes(gpu) ? 'stalled' : 'value'));
    for (let tick = 0; after.length < 12 && tick < 60; tick++) {
      const sample = await read(source);
      if (after.length > 0 || !allWell(sample)) after.push(states(sample));
    }
    expect(after.slice(1)).toEqual(Array(11).fill(expected));
    control.set(eight);
    const back = await readUntil(source, allWell);
    expect(back.fault).toBeUndefined();
    // and they stay, when one thread reads them all again
    for (let tick = 0; tick < 10; tick++) expect(states(await read(source))).toEqual(Array(8).fill('value'));
  });

  it('in all of eight GPUs are one silent driver, and all are back when they return', async () => {
    const control = controlMock(eight);
    const source = await openMock({ patience, settings });
    await read(source);
    control.set(eight, 'hang * nvmlDeviceGetTemperature', 'set * temp 77');
    const silent = await readUntil(source, ({ fault }) => fault?.code === 'nvml-stalled');
    expect(states(silent)).toEqual(Array(8).fill('stalled'));
    control.set(eight, 'set * temp 77');
    const back = await readUntil(source, allWell);
    expect(back.gpus.map((_, gpu) => at(back, gpu, 'coreTempC'))).toEqual(
      Array(8).fill(expect.objectContaining({ value: 77 })),
    );
  });

  it.each([
    ['when their handles are asked for', 'nvmlDeviceGetHandleByIndex_v2'],
    ['when their names are', 'nvmlDeviceGetUUID'],
  ])('while NVML is opened, %s, leave the others to be opened', async (_, symbol) => {
    const control = controlMock(eight, ...hang([2, 5], symbol), ...hang([2, 5], 'nvmlDeviceGetHandleByPciBusId_v2'));
    const source = await openMock({ patience, settings });
    const six = await readUntil(source, ({ gpus }) => gpus.length === 6);
    expect(uuids(six).map((uuid) => Number(uuid.at(-1)))).toEqual([0, 1, 3, 4, 6, 7]);
    const shown = await readUntil(source, (sample) => states(sample).every((state) => state === 'value'));
    expect(shown.fault).toMatchObject({ code: 'nvml-gpu-hangs' });
    control.set(eight);
    expect((await readUntil(source, allWell)).fault).toBeUndefined();
  });

  it('about no GPU in particular make all of them stalled, and start no threads that would hang too', async () => {
    const control = controlMock(eight);
    const source = await openMock({ patience, settings });
    await read(source);
    const log = logMock();
    control.set(eight, 'hang -1 nvmlDeviceGetCount_v2');
    const silent = await readUntil(source, ({ fault }) => fault !== undefined);
    expect(silent.fault).toMatchObject({ code: 'nvml-stalled' });
    expect(states(silent)).toEqual(Array(8).fill('stalled'));
    expect(log.calls()).not.toContain('-1 nvmlInit_v2');
    control.set(eight);
    await readUntil(source, allWell);
  });
});

describe('a driver that goes away', () => {
  it.each([
    ['is unloaded', 1, 'was unloaded'],
    ['is not running', 9, 'is not running'],
    ['is another version than its library', 18, 'was updated while the system is running'],
  ])('because it %s is asked for again, and named for the same reason all the while', async (_, code, words) => {
    const control = controlMock();
    const source = await openMock({ patience: { ...soon, reopenMs: 400 } });
    const before = await source.read(2000);
    control.set(`code * * ${code}`, `code -1 * ${code}`);
    const faults = new Set<string | undefined>();
    await readUntil(source, ({ fault }) => fault !== undefined);
    for (let i = 0; i < 8; i++) {
      const sample = await source.read(400);
      faults.add(sample.fault?.message);
      expect(at(sample, 1, 'coreTempC')).toEqual({ state: 'lost', reason: code });
    }
    expect([...faults]).toEqual([expect.stringContaining(words)]);
    control.set();
    expect(uuids(await readUntil(source, ({ fault }) => fault === undefined))).toEqual(uuids(before));
  });

  it('takes its library with it, and is found again when both are back', async () => {
    const library = path.join(temporaryFolder(), 'libnvidia-ml.so.1');
    fs.copyFileSync(compileMock(), library);
    const control = controlMock();
    const source = await openMock({ library, patience: soon });
    const before = await source.read(2000);
    fs.rmSync(library);
    control.set('code * * 1', 'code -1 * 1');
    const gone = await readUntil(source, ({ fault }) => fault?.code === 'nvml-library-not-found');
    expect(states(gone)).toEqual(['lost', 'lost']);
    control.set();
    fs.copyFileSync(compileMock(), library);
    expect(uuids(await readUntil(source, ({ fault }) => fault === undefined))).toEqual(uuids(before));
  });

  it('and comes back with new handles, and counters that start again', async () => {
    const control = controlMock('set * energy_mj 900000');
    const source = await openMock({ patience: soon });
    const before = await source.read(2000);
    control.set('set * energy_mj 1000', 'set -1 driver_loads 1'); // every handle is void
    const seen: string[] = [];
    const back = await readUntil(
      source,
      (sample) => {
        const energy = at(sample, 0, 'energyMj');
        return energy.state === 'value' && energy.value === 1000;
      },
      ({ fault }) => seen.push(fault?.code ?? ''),
    );
    expect(seen).toContain('nvml-uninitialized');
    expect(uuids(back)).toEqual(uuids(before));
  });

  it('while a thread is being started again, is waited for', async () => {
    const control = controlMock();
    const crash = crashingWorker();
    const source = await openMock({ workerUrl: crash.url, patience: soon });
    await source.read(2000);
    control.set('code -1 nvmlInit_v2 9');
    crash.now();
    await readUntil(source, ({ fault }) => fault?.code === 'nvml-driver-not-loaded');
    control.set();
    const back = await readUntil(source, ({ fault }) => fault === undefined);
    expect(states(back)).toEqual(['value', 'value']);
  });
});

describe('GPUs that come, go and move', () => {
  it('are all lost and all found again', async () => {
    const control = controlMock();
    const source = await openMock({ patience: soon });
    const before = await source.read(2000);
    control.set('code 0 * 15', 'code 1 * 15');
    const lost = await readUntil(source, (sample) => states(sample).every((state) => state === 'lost'));
    expect(lost.gpus.map((_, gpu) => at(lost, gpu, 'powerW'))).toEqual(Array(2).fill({ state: 'lost', reason: 15 }));
    control.set();
    const back = await readUntil(source, (sample) => states(sample).every((state) => state === 'value'));
    expect(uuids(back)).toEqual(uuids(before));
  });

  it('say why they cannot be opened', async () => {
    const control = controlMock();
    const source = await openMock({ patience: soon });
    await source.read(2000);
    control.set('code 1 nvmlDeviceGetHandleByIndex_v2 4', 'set -1 driver_loads 1');
    const denied = await readUntil(source, ({ fault }) => fault?.code === 'nvml-gpu-unopened');
    expect(at(denied, 1, 'coreTempC')).toEqual({ state: 'denied', reason: 4 });
    expect(at(denied, 0, 'coreTempC').state).toBe('value');
  });

  it('keep their readings when the driver lists them in another order', async () => {
    const control = controlMock('set 0 temp 50', 'set 1 temp 70');
    const source = await openMock({ patience: soon });
    const before = await source.read(2000);
    control.set('set 0 temp 50', 'set 1 temp 70', 'set 0 position 1', 'set 1 position 0', 'set -1 driver_loads 1');
    const moved = await readUntil(source, ({ gpus }) => gpus.some(({ gpu }) => gpu.index === 0 && /1$/.test(gpu.uuid)));
    expect(uuids(moved)).toEqual(uuids(before));
    for (const [gpu, sample] of moved.gpus.entries()) {
      expect(at(moved, gpu, 'coreTempC')).toMatchObject({ value: /0$/.test(sample.gpu.uuid) ? 50 : 70 });
    }
  });

  it('are read from when they are added on', async () => {
    const control = controlMock('set -1 count 1');
    const source = await openMock({ patience: soon });
    expect((await source.read(2000)).gpus).toHaveLength(1);
    control.set('set -1 count 2');
    const grown = await readUntil(source, ({ gpus }) => gpus.length === 2);
    expect(states(grown)).toEqual(['value', 'value']);
    control.set('set -1 count 1');
    const shrunk = await readUntil(source, (sample) => states(sample).includes('lost'));
    expect(states(shrunk)).toEqual(['value', 'lost']);
  });
});

/** The real thread, which throws on request. */
function crashingWorker(): { readonly url: URL; readonly now: () => void } {
  const folder = temporaryFolder();
  const [script, order] = [path.join(folder, 'worker.mjs'), path.join(folder, 'crash')];
  const real = new URL('nvml-worker.js', threads).href;
  fs.writeFileSync(
    script,
    `import fs from 'node:fs';
     import ${JSON.stringify(real)};
     setInterval(() => {
       if (!fs.existsSync(${JSON.stringify(order)})) return;
       fs.rmSync(${JSON.stringify(order)});
       throw new Error('out of luck');
     }, 20);`,
  );
  return { url: pathToFileURL(script), now: () => fs.writeFileSync(order, '') };
}

describe('a thread that ends unexpectedly', () => {
  it('is reported with its reason, and restarted automatically', async () => {
    controlMock();
    const crash = crashingWorker();
    const source = await openMock({ workerUrl: crash.url, patience: soon });
    const before = await source.read(2000);
    crash.now();
    const ended = await readUntil(source, ({ fault }) => fault !== undefined);
    expect(ended.fault).toMatchObject({ code: 'nvml-thread-ended', message: expect.stringContaining('out of luck') });
    expect(states(ended)).toEqual(['stalled', 'stalled']);
    const back = await readUntil(source, (sample) => sample.fault === undefined && states(sample)[0] === 'value');
    expect(uuids(back)).toEqual(uuids(before));
  });
});
