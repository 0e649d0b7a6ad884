import fs from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { createFrame, readingOf, valueOf, type Frame } from '../../app/metrics/frame.ts';
import { fieldCode, fieldValue, prepareFields } from '../../app/telemetry/nvml/field-values.ts';
import { loadLibrary } from '../../app/telemetry/nvml/library.node.ts';
import type { NvmlLibrary } from '../../app/telemetry/nvml/library.ts';
import { createReader, type NvmlReader } from '../../app/telemetry/nvml/reader.ts';
import { createPlausibility } from '../../app/telemetry/plausibility.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';
import { sharedCase } from '../support/shared.ts';

// What kinds of cards have and have not, and what drivers have been seen to answer instead of a number: the real reader
// on the stand-in driver, without a thread.
const all = ['tick', 'slow', 'rare', 'request'] as const;

function openReader(without: readonly string[] = [], ulongBytes: 4 | 8 = 8) {
  const loaded = loadLibrary(compileMock(without));
  if (!loaded.ok) throw new Error(loaded.error.message);
  const library: NvmlLibrary = loaded.value;
  const reader: NvmlReader = createReader(library, ulongBytes);
  const { gpus } = reader.open();
  onTestFinished(() => {
    reader.close();
    library.unload();
  });
  const read = (position = 0): Frame => {
    const frame = createFrame();
    reader.read(position, all, frame);
    return frame;
  };
  return { library, reader, gpus, read };
}
const states = (frame: Frame, keys: readonly MetricKey[]) => keys.map((key) => readingOf(frame, key).state);
const values = (frame: Frame, keys: readonly MetricKey[]) => keys.map((key) => valueOf(frame, key));

describe('a board without a sensor, whose driver answers 0', () => {
  it('has no temperature and no power', () => {
    const real = sharedCase('jetson-zeros/jetson.ctl');
    controlMock(
      ...(real
        ? fs.readFileSync(real, 'utf8').split('\n')
        : ['set 0 temp 0', 'set 0 power_mw none', 'set 0 gpu_util 0', 'set 0 memory none']),
    );
    const frame = openReader().read();
    createPlausibility().check(frame, 0);
    expect(states(frame, ['coreTempC', 'powerW', 'gpuUtilPct'])).toEqual(['implausible', 'unsupported', 'value']);
  });
});

describe('a card', () => {
  it.each([
    ['geforce', ['coreTempC', 'powerW', 'fan2Pct', 'tempSlowdownC'], ['eccMode', 'memTempC', 'fan3Pct', 'tempMarginK']],
    ['laptop', ['coreTempC', 'powerW'], ['powerLimitW', 'powerMaxLimitW', 'fanPct', 'tempSlowdownC', 'tempTargetC']],
    ['ada', ['tempMarginK', 'tempSlowdownC', 'eccMode'], ['memMaxTempC', 'memTempC', 'eccCorrectedVolatile']],
    ['a100', ['memTempC', 'eccMode', 'remapBanksMax', 'nvlinkActive', 'migMode'], ['fanPct', 'migInstances', 'fanRpm']],
    [
      'h100',
      ['memTempC', 'tempMarginK', 'memMaxTempC', 'memoryPowerW', 'eccMode', 'recoveryAction', 'migMode'],
      ['fanPct', 'fan2Pct', 'fanRpm', 'tempTargetC', 'modulePowerW', 'nvlinkCount', 'retiredPagesDbe', 'migInstances'],
    ],
    ['t4', ['eccMode', 'retiredPagesDbe', 'powerW'], ['powerAverageW', 'remapBanksMax', 'nvlinkActive', 'fanPct']],
    [
      'vgpu',
      ['gpuUtilPct', 'vramUsedBytes'],
      ['coreTempC', 'powerW', 'energyMj', 'powerInstantW', 'pcieGen', 'fanPct'],
    ],
    [
      'unified',
      ['coreTempC', 'powerW', 'gpuUtilPct'],
      ['vramUsedBytes', 'vramTotalBytes', 'bar1UsedBytes', 'memClockMhz'],
    ],
  ] as const)('of the kind %s shows what it has, and says of the rest that it has not', (profile, has, hasNot) => {
    controlMock(`profile * ${profile}`);
    const frame = openReader().read();
    expect(states(frame, has)).toEqual(has.map(() => 'value'));
    expect(states(frame, hasNot)).toEqual(hasNot.map(() => 'unsupported'));
    expect(values(frame, hasNot)).toEqual(hasNot.map(() => undefined));
  });

  it('beside a card of another kind is read as what it is', () => {
    controlMock('profile 0 a100', 'profile 1 laptop');
    const { gpus, read } = openReader();
    expect(gpus.map(({ identity }) => identity.name)).toEqual([
      'NVIDIA A100-SXM4-40GB',
      'NVIDIA GeForce RTX 3060 Laptop GPU',
    ]);
    expect(states(read(0), ['memTempC', 'powerLimitW', 'fanPct'])).toEqual(['value', 'value', 'unsupported']);
    expect(states(read(1), ['memTempC', 'powerLimitW', 'fanPct'])).toEqual([
      'unsupported',
      'unsupported',
      'unsupported',
    ]);
  });

  it('that tells how far it is from its limits has its limits derived, and marked so', () => {
    controlMock('profile * ada', 'set 0 temp 66', 'set 0 margin 24');
    const frame = openReader().read();
    expect(values(frame, ['tempMaxC', 'tempSlowdownC', 'tempShutdownC'])).toEqual([90, 92, 97]);
    for (const key of ['tempMaxC', 'tempSlowdownC', 'tempShutdownC'] as const) {
      expect(readingOf(frame, key)).toMatchObject({ derived: true });
    }
    expect(readingOf(frame, 'tempTargetC')).toMatchObject({ value: 83, derived: false });
  });

  it('in MIG mode lists its instances, and none when half of them cannot be known', () => {
    const control = controlMock('profile * a100', 'set 0 mig_mode 1', 'set 0 mig_instances 2');
    const { reader, read } = openReader();
    expect(valueOf(read(), 'migInstances')).toBe(2);
    const size = { vramTotalBytes: 5 * 2 ** 30, vramUsedBytes: 2 * 2 ** 30 };
    expect(reader.mig(0)).toEqual([
      { index: 0, uuid: 'MIG-00000000-0000-0000-0000-000000000000', ...size },
      { index: 1, uuid: 'MIG-00000000-0000-0000-0001-000000000000', ...size },
    ]);
    control.set('profile * a100', 'set 0 mig_mode 1', 'code 0 nvmlDeviceGetMigDeviceHandleByIndex 10');
    expect(readingOf(read(), 'migInstances')).toEqual({ state: 'stalled', reason: 10 });
    expect(reader.mig(0)).toBeUndefined();
  });

  it('with links that are down has no count of their errors', () => {
    controlMock('set 0 field_91 2', 'set 0 nvlink_0 0', 'set 0 nvlink_1 0', 'set 1 field_91 3', 'set 1 nvlink_1 0');
    const { read } = openReader();
    const keys = ['nvlinkCount', 'nvlinkActive', 'nvlinkReplays', 'nvlinkCrcErrors'] as const;
    expect(values(read(0), keys)).toEqual([2, 0, undefined, undefined]);
    expect(values(read(1), keys)).toEqual([3, 2, 0, 10]); // the stand-in counts as many errors as the kind’s number
  });
});

describe('what is no number', () => {
  it.each([
    ['temp', 255, ['coreTempC']],
    ['temp', 4294967295, ['coreTempC']], // all ones, not one below zero
    ['slowdown', 4294967295, ['tempSlowdownC']],
    ['power_mw', 4294967295, ['powerW', 'powerInstantW']],
    ['energy_mj', '18446744073709551615', ['energyMj']],
    ['energy_mj', '9223372036854775808', ['energyMj']],
    ['gpu_util', 4294967295, ['gpuUtilPct']],
    ['vram_used', '18446744073709551615', ['vramUsedBytes']],
    ['memory', '17179869184000000000', ['vramTotalBytes']],
    ['graphics', 4294967295, ['graphicsClockMhz']],
    ['reasons', '18446744073709551615', ['throttleReasons']],
    ['reasons', '4294967295', ['throttleReasons']],
    ['fan', 4294967295, ['fanPct', 'fan2Pct']],
    ['fan_rpm', 4294967295, ['fanRpm']],
    ['pcie_replays', 4294967295, ['pcieReplays']],
    ['pcie_gen', 0, ['pcieGen']],
    ['field_74', '9223372036854775807', ['throttledSwPowerUs']],
    ['field_270', '18446744073709551615', ['throttledHwThermalUs']],
    ['field_82', 255, ['memTempC']],
    ['field_142', 4294967295, ['remappedRowsCorrectable']],
    ['field_91', 4294967295, ['nvlinkCount']],
    ['ecc_0_0', '18446744073709551615', ['eccCorrectedVolatile']],
  ] as const)('%s = %s is implausible', (name, sentinel, keys) => {
    controlMock(`set 0 ${name} ${sentinel}`);
    expect(states(openReader().read(), keys)).toEqual(keys.map(() => 'implausible'));
  });

  it('P32 is a state that the driver does not know', () => {
    controlMock('set 0 pstate 32');
    expect(readingOf(openReader().read(), 'pstate').state).toBe('unsupported');
  });

  it('a number of GPUs, of processes or of instances beyond reason ends nothing', () => {
    controlMock(
      'set -1 count 4294967295',
      'set 0 process_count_told 4294967295',
      ...['set 0 mig_mode 1', 'set 0 mig_slots 4294967295'],
    );
    const { reader, gpus, read } = openReader();
    expect(gpus.length).toBeLessThanOrEqual(256);
    expect(states(read(), ['coreTempC'])).toEqual(['value']);
    expect(reader.processes(0)).toBeUndefined();
  });

  it('a counter that starts again is reported as it is', () => {
    const control = controlMock('set 0 energy_mj 5000000');
    const { read } = openReader();
    expect(valueOf(read(), 'energyMj')).toBe(5_000_000);
    control.set('set 0 energy_mj 12');
    expect(valueOf(read(), 'energyMj')).toBe(12);
  });

  it('a field that the driver left as it was is not the answer of the call before', () => {
    const batch = prepareFields([{ id: 82 }]);
    expect([fieldCode(batch, 0), fieldValue(batch, 0, 8)]).toEqual([0, 0]);
    controlMock('set 0 field_82 70', 'set 0 field_82_code 21');
    expect(readingOf(openReader().read(), 'memTempC')).toEqual({ state: 'failed', reason: 21 });
  });
});

describe('numbers of several sizes', () => {
  it.each([
    [4, 7],
    [8, 2 ** 33 + 7],
  ] as const)('an unsigned long of %d bytes is read as %d', (ulongBytes, expected) => {
    const batch = prepareFields([{ id: 82 }]);
    const { view } = batch;
    view.setUint32(24, 2, true);
    view.setBigUint64(32, 2n ** 33n + 7n, true);
    expect(fieldValue(batch, 0, ulongBytes)).toBe(expected);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])('a field is the same as value type %d', (type) => {
    controlMock('set 0 field_82 84', `set 0 field_82_type ${type}`);
    expect(valueOf(openReader().read(), 'memTempC')).toBe(84);
  });

  it('an unknown value type is no value', () => {
    controlMock('set 0 field_82 84', 'set 0 field_82_type 9');
    expect(readingOf(openReader().read(), 'memTempC').state).toBe('implausible');
  });
});

describe('processes', () => {
  const names = ['nvmlDeviceGetComputeRunningProcesses', 'nvmlDeviceGetGraphicsRunningProcesses'];
  const v3 = names.map((name) => `${name}_v3`);
  const v2 = names.map((name) => `${name}_v2`);
  it.each([
    ['24 bytes', [], 24, 0],
    ['32 bytes', [], 32, 0],
    ['32 bytes with all ones behind', [], 32, '18446744073709551615'],
    ['24 bytes of the second version', v3, 24, 0],
    ['16 bytes of the first version', [...v3, ...v2], 24, 0],
  ] as const)('are listed from entries of %s', (_, without, stride, inProtected) => {
    controlMock(
      ...['set 0 process_pid 4000', 'set 0 process_count 3', 'set 0 graphics_pid 4002'],
      ...[`set 0 process_stride ${stride}`, `set 0 process_protected ${inProtected}`],
    );
    const listed = openReader(without).reader.processes(0);
    const vramBytes = 6 * 2 ** 30;
    expect(listed).toEqual([
      { pid: 4000, name: '/usr/bin/process-4000', type: 'compute', vramBytes, smPct: 88 },
      { pid: 4001, name: '/usr/bin/process-4001', type: 'compute', vramBytes, smPct: 0 },
      { pid: 4002, name: '/usr/bin/process-4002', type: 'both', vramBytes, smPct: 0 },
    ]);
  });

  it('have no memory where only Windows knows it, and no share that cannot be', () => {
    controlMock(
      ...['set 0 process_pid 4000', 'set 0 process_vram 18446744073709551615', 'set 0 process_sm 4294967295'],
    );
    expect(openReader().reader.processes(0)).toEqual([{ pid: 4000, name: '/usr/bin/process-4000', type: 'compute' }]);
  });

  it('are unknown, not none, when a list fails', () => {
    const control = controlMock('set 0 process_pid 4000', 'code 0 nvmlDeviceGetGraphicsRunningProcesses_v3 4');
    const { reader } = openReader();
    expect(reader.processes(0)).toBeUndefined();
    control.set('code 0 nvmlDeviceGetGraphicsRunningProcesses_v3 3', 'set 0 process_pid 4000');
    expect(reader.processes(0)).toHaveLength(1); // a card that draws nothing
    control.set(...v3.map((symbol) => `code 0 ${symbol} 3`));
    expect(reader.processes(0)).toBeUndefined();
  });
});

describe('the stand-in card', () => {
  it('takes a power cap within its bounds, and gets as warm as its load and its cap allow', async () => {
    const control = controlMock('set 0 load 100', 'set 0 tau_s 0.01');
    const { library, reader, read } = openReader();
    const setLimit = library.bind('nvmlDeviceSetPowerManagementLimit', ['device', 'uint'])!;
    const handle = 1;
    const settle = () => new Promise((resolve) => setTimeout(resolve, 60));
    read();
    await settle();
    const hot = read();
    expect(valueOf(hot, 'powerW')).toBeCloseTo(340, 0);
    expect(setLimit(handle, 99_000)).toBe(2);
    expect(setLimit(handle, 401_000)).toBe(2);
    expect(setLimit(handle, 250_000)).toBe(0);
    await settle();
    const capped = read();
    expect(values(capped, ['powerLimitW', 'powerRequestedLimitW', 'powerW', 'throttleReasons'])).toEqual([
      250, 250, 250, 4,
    ]);
    expect(valueOf(capped, 'coreTempC')!).toBeLessThan(valueOf(hot, 'coreTempC')!);
    control.set('code 0 nvmlDeviceSetPowerManagementLimit 4', 'set 0 load 0', 'set 0 tau_s 0.01');
    expect(setLimit(handle, 300_000)).toBe(4);
    await settle();
    expect(values(read(), ['powerW', 'gpuUtilPct', 'throttleReasons', 'pstate'])).toEqual([25, 0, 1, 8]);
    expect(reader.count()).toBe(2);
  });
});
