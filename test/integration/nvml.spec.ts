import { describe, expect, it } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf, valueOf } from '../../app/metrics/frame.ts';
import { compileMock, controlMock, logMock } from '../support/mock-nvml.ts';
import { at, openMock, readUntil, tryMock } from '../support/nvml-source.ts';

describe('NVML', () => {
  it('gives the readings of each GPU in the units of the catalogue', async () => {
    controlMock('set 1 temp 71', 'set 1 power_mw 312400', 'set 1 vram_used 1000000000', 'set 0 field_82 84');
    const source = await openMock();
    const sample = await source.read(2000);
    expect(sample.gpus.map(({ gpu }) => gpu)).toEqual([
      {
        uuid: 'GPU-00000000-0000-0000-0000-000000000000',
        index: 0,
        name: 'Mock GPU 0',
        pciBusId: '00000000:01:00.0',
        vbios: '95.02.3C.00.00',
        architecture: 'Ampere',
      },
      {
        uuid: 'GPU-00000000-0000-0000-0000-000000000001',
        index: 1,
        name: 'Mock GPU 1',
        pciBusId: '00000000:02:00.0',
        vbios: '95.02.3C.00.01',
        architecture: 'Ampere',
      },
    ]);
    const { frame } = sample.gpus[1]!;
    const values = (keys: readonly MetricKey[]) => keys.map((key) => valueOf(frame, key));
    expect(values(['coreTempC', 'powerW', 'powerInstantW', 'vramUsedBytes', 'vramTotalBytes'])).toEqual([
      71,
      312.4,
      312.4,
      1e9,
      24 * 2 ** 30,
    ]);
    expect(values(['graphicsClockMhz', 'memClockMhz', 'gpuUtilPct', 'memUtilPct', 'pstate', 'fanPct'])).toEqual([
      1801, 9752, 97, 41, 2, 55,
    ]);
    expect(values(['tempShutdownC', 'tempSlowdownC', 'tempMaxC', 'tempTargetC'])).toEqual([98, 95, 93, 83]);
    expect(values(['powerLimitW', 'powerMinLimitW', 'powerMaxLimitW'])).toEqual([350, 100, 400]);
    expect(values(['throttleReasons', 'throttledSwPowerUs'])).toEqual([4, 5_000_000]);
    expect(at(sample, 0, 'memTempC')).toMatchObject({ state: 'value', value: 84 });
    expect(source.info()).toEqual({
      kind: 'nvml',
      label: 'NVML 12.575.57.08',
      simulated: false,
      driverVersion: '575.57.08',
      names: 'nvml',
    });
  });

  it('says of what a card does not offer that it is unsupported, with the driver’s code', async () => {
    controlMock();
    const source = await openMock({ library: compileMock(['nvmlDeviceGetMarginTemperature']) });
    const sample = await source.read(2000);
    expect(at(sample, 0, 'memTempC')).toEqual({ state: 'unsupported', reason: 3 });
    expect(at(sample, 0, 'tempMarginK')).toEqual({ state: 'unsupported', reason: 13 }); // no such symbol
  });

  it('takes an older symbol where the newer one is missing', async () => {
    controlMock('set * reasons 32');
    const library = compileMock(['nvmlDeviceGetMemoryInfo_v2', 'nvmlDeviceGetCurrentClocksEventReasons']);
    const source = await openMock({ library });
    const sample = await source.read(2000);
    expect(at(sample, 0, 'vramUsedBytes')).toMatchObject({ value: 8 * 2 ** 30 + 400 * 2 ** 20 }); // the old call counts the reserve
    expect(at(sample, 0, 'throttleReasons')).toMatchObject({ value: 32 });
  });

  it('reads what is costly only on the slow cadence', async () => {
    controlMock();
    const source = await openMock();
    const first = await source.read(2000);
    expect(at(first, 0, 'fanPct').state).toBe('value');
    expect(first.gpus[0]!.processes).toBeDefined();
    const sample = await source.read(2000);
    expect(at(sample, 0, 'fanPct').state).toBe('unread');
    expect(at(sample, 0, 'coreTempC').state).toBe('value');
    expect(sample.gpus[0]!.processes).toBeUndefined();
  });

  it('lists the processes on a GPU', async () => {
    controlMock('set 1 process_pid 4321');
    const sample = await (await openMock()).read(2000);
    expect(sample.gpus.map(({ processes }) => processes)).toEqual([
      [],
      [{ pid: 4321, name: '/usr/bin/process-4321', type: 'compute', vramBytes: 6 * 2 ** 30, smPct: 88 }],
    ]);
  });

  it('loses one GPU without losing the other, and finds it again', async () => {
    const control = controlMock();
    const source = await openMock();
    control.set('code 1 * 15');
    const lost = await readUntil(source, (sample) => at(sample, 1, 'coreTempC').state !== 'value');
    expect(at(lost, 1, 'coreTempC')).toEqual({ state: 'lost', reason: 15 });
    expect(at(lost, 1, 'fanPct')).toEqual({ state: 'lost', reason: 15 });
    expect(at(lost, 0, 'coreTempC')).toMatchObject({ state: 'value' });
    control.set();
    const back = await readUntil(source, (sample) => at(sample, 1, 'coreTempC').state === 'value');
    expect(at(back, 1, 'coreTempC')).toMatchObject({ value: 61 });
  });

  it('does not call into a GPU that the driver lists but cannot open', async () => {
    controlMock('code 1 nvmlDeviceGetHandleByIndex_v2 15');
    const sample = await (await openMock()).read(2000);
    expect(sample.gpus).toHaveLength(1);
    expect(sample.fault).toMatchObject({ code: 'nvml-gpu-unopened' });
  });

  it('says what to do when the driver was updated under it, and reconnects to the same cards', async () => {
    const control = controlMock();
    const source = await openMock();
    const before = await source.read(2000);
    control.set('code * * 18', 'code -1 * 18');
    const broken = await readUntil(source, ({ fault }) => fault !== undefined);
    expect(broken.fault).toMatchObject({
      code: 'nvml-lib-rm-version-mismatch',
      message: 'The NVIDIA driver was updated while the system is running.',
    });
    expect(at(broken, 0, 'coreTempC')).toEqual({ state: 'lost', reason: 18 });
    control.set();
    const back = await readUntil(source, ({ fault }) => fault === undefined);
    expect(back.gpus.map(({ gpu }) => gpu.uuid)).toEqual(before.gpus.map(({ gpu }) => gpu.uuid));
    expect(at(back, 0, 'coreTempC').state).toBe('value');
  });

  it('keeps what was read of a tick in which a call hangs, and reads the other GPU from then on', async () => {
    const control = controlMock();
    const source = await openMock();
    await source.read(2000);
    control.set('hang 1 nvmlDeviceGetPowerUsage');
    const partly = await readUntil(source, ({ fault }) => fault !== undefined);
    expect(partly.fault).toMatchObject({ code: 'nvml-gpu-hangs' });
    expect(at(partly, 0, 'coreTempC').state).toBe('value');
    expect(at(partly, 1, 'coreTempC').state).toBe('stalled');
    const next = await source.read(2000);
    expect(at(next, 0, 'coreTempC').state).toBe('value');
    expect(at(next, 1, 'coreTempC').state).toBe('stalled');
    control.set();
    const back = await readUntil(source, ({ fault }) => fault === undefined);
    expect(at(back, 1, 'coreTempC').state).toBe('value');
  });

  it('keeps ticks that were not taken, each with its own time and readings', async () => {
    const control = controlMock('set * temp 40');
    const source = await openMock({ settings: { intervalMs: 50, pcieThroughput: false } });
    const first = await source.read(2000);
    await new Promise((resolve) => setTimeout(resolve, 400));
    control.set('set * temp 70');
    await new Promise((resolve) => setTimeout(resolve, 400));
    const waited = [first];
    while (waited.at(-1)!.monoMs < first.monoMs + 700) waited.push(await source.read(2000));
    const grid = waited.map(({ monoMs }) => Math.round((monoMs - waited[1]!.monoMs) / 50)).slice(1);
    expect(grid).toEqual([...new Set(grid)].sort((a, b) => a - b));
    expect(grid.length).toBeGreaterThan(3); // how many is for the machine to say
    const temps = waited.map((sample) => at(sample, 0, 'coreTempC'));
    expect(temps[1]).toMatchObject({ state: 'value', value: 40 });
    expect(temps.at(-1)).toMatchObject({ state: 'value', value: 70 });
    expect(temps.every(({ state }) => state === 'value')).toBe(true);
  });

  it('reads rarely read metrics again if their tick was not taken', async () => {
    const source = await openMock({ settings: { intervalMs: 10, pcieThroughput: false } });
    await new Promise((resolve) => setTimeout(resolve, 1000)); // more ticks than wait: the first are overwritten
    const seldom = await readUntil(source, (sample) => at(sample, 0, 'maxGraphicsClockMhz').state !== 'unread'); // once a minute
    expect(at(seldom, 0, 'tempSlowdownC').state).toBe('value');
  });

  it('ends a waiting read when it is closed, also while the driver hangs', async () => {
    const control = controlMock();
    const source = await openMock();
    control.set('hang * *');
    await readUntil(source, ({ fault }) => fault !== undefined);
    const reading = source.read(60_000);
    await source.close();
    expect((await reading).gpus.map(({ frame }) => readingOf(frame, 'coreTempC').state)).toEqual([
      'stalled',
      'stalled',
    ]);
    control.set();
  });

  it('releases the driver when it is closed, even long before the next tick', async () => {
    const log = logMock();
    const source = await openMock({ settings: { intervalMs: 600_000, pcieThroughput: false } });
    await source.read(2000);
    await source.close();
    expect(log.calls().at(-1)).toBe('-1 nvmlShutdown');
  });

  it('takes a new interval while it runs', async () => {
    controlMock();
    const source = await openMock();
    source.configure({ intervalMs: 20, pcieThroughput: false });
    await source.read(2000);
    const started = Date.now();
    for (let i = 0; i < 10; i++) await source.read(2000);
    expect(Date.now() - started).toBeLessThan(900); // at the old interval it would have been a second
  });

  it.each([
    ['there is no library', '/nonexistent/libnvidia-ml.so.1', [], 'No NVIDIA driver library'],
    ['the driver is not loaded', undefined, ['code -1 nvmlInit_v2 9'], 'not running'],
    ['there is no GPU', undefined, ['set -1 count 0'], 'lists no GPU'],
    ['no GPU may be opened', undefined, ['code * nvmlDeviceGetHandleByIndex_v2 4'], 'cannot open it (NO_PERMISSION)'],
    ['the driver is a newer one', undefined, ['code * nvmlDeviceGetHandleByIndex_v2 18'], 'was updated'],
  ])('is refused with a sentence when %s', async (_, library, lines, message) => {
    controlMock(...lines);
    const opened = await tryMock({ library: library ?? compileMock() });
    expect(opened).toMatchObject({
      ok: false,
      error: { code: 'source-unavailable', message: expect.stringContaining(message) },
    });
  });
});
