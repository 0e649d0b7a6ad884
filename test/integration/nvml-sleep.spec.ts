import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { watchPciGpus } from '../../app/telemetry/runtime-status.node.ts';
import type { SourceSample } from '../../app/telemetry/source.ts';
import { controlMock, logMock } from '../support/mock-nvml.ts';
import { at, openMock, readUntil } from '../support/nvml-source.ts';
import { pciDevices } from '../support/pci-devices.ts';

// Sleep, on the real thread: the files of the kernel are in a folder of the test, the driver writes down its calls.
const soon = { slowMs: 100, rareMs: 400, graceMs: 400, reopenMs: 200 };
const idle = ['set * gpu_util 0'];
const state = (sample: SourceSample, gpu: number): string => at(sample, gpu, 'coreTempC').state;

describe('a GPU that sleeps', () => {
  it('is shown asleep, and not one call is made about it', async () => {
    controlMock();
    const log = logMock();
    const pci = pciDevices(2);
    pci.set(1, 'suspended');
    const source = await openMock({ pciDevices: pci.folder, patience: soon });
    for (let i = 0; i < 8; i++) {
      const sample = await source.read(2000);
      expect(sample.fault).toBeUndefined();
      expect([state(sample, 0), state(sample, 1)]).toEqual(['value', 'asleep']);
      expect(sample.gpus[1]!.gpu).toMatchObject({ pciBusId: '00000000:02:00.0', name: 'NVIDIA GPU' });
    }
    expect(log.calls().filter((call) => call.startsWith('1 '))).toEqual([]);
    expect(log.calls().filter((call) => call.startsWith('0 ')).length).toBeGreaterThan(50);
  });

  it('alone in the machine leaves the driver untouched, until somebody wakes it', async () => {
    controlMock('set -1 count 1');
    const log = logMock();
    const pci = pciDevices(1);
    pci.set(0, 'suspended');
    const source = await openMock({ pciDevices: pci.folder, patience: soon });
    for (let i = 0; i < 4; i++) expect(state(await source.read(2000), 0)).toBe('asleep');
    expect(log.calls()).toEqual([]);
    pci.set(0, 'active');
    const awake = await readUntil(source, (sample) => state(sample, 0) === 'value');
    expect(awake.gpus.map(({ gpu }) => gpu.uuid)).toEqual(['GPU-00000000-0000-0000-0000-000000000000']);
  });
});

describe('a GPU that has been idle', () => {
  it('is released so that it can sleep, and is the same one when it wakes', async () => {
    const control = controlMock(...idle, 'set -1 count 1');
    const log = logMock();
    const pci = pciDevices(1);
    const source = await openMock({ pciDevices: pci.folder, patience: soon });
    const before = await source.read(2000);
    await readUntil(source, (sample) => state(sample, 0) === 'asleep');
    expect(log.calls().at(-1)).toBe('-1 nvmlShutdown');
    log.clear();
    pci.set(0, 'suspended');
    for (let i = 0; i < 3; i++) expect(state(await source.read(2000), 0)).toBe('asleep');
    expect(log.calls()).toEqual([]);
    control.set('set * gpu_util 90', 'set 0 temp 44', 'set -1 count 1');
    pci.set(0, 'active');
    const back = await readUntil(source, (sample) => state(sample, 0) === 'value');
    expect(back.gpus.map(({ gpu }) => gpu)).toEqual(before.gpus.map(({ gpu }) => gpu));
    expect(at(back, 0, 'coreTempC')).toMatchObject({ value: 44 });
  });

  it('does not take along the one beside it, which works', async () => {
    controlMock('set 0 gpu_util 0');
    const pci = pciDevices(2);
    const source = await openMock({ pciDevices: pci.folder, patience: soon });
    const before = await source.read(2000);
    const let0 = await readUntil(source, (sample) => state(sample, 0) === 'asleep');
    expect(state(let0, 1)).toBe('value');
    expect(let0.gpus.map(({ gpu }) => gpu.uuid)).toEqual(before.gpus.map(({ gpu }) => gpu.uuid));
  });

  it.each([
    ['the system never powers it down', [...idle], 'on'],
    ['a process holds it', [...idle, 'set * process_pid 4321'], 'auto'],
    ['nothing tells whether it is used', ['code * nvmlDeviceGetUtilizationRates 3', ...notListed(4)], 'auto'],
    ['it is lost', ['code 1 nvmlDeviceGetTemperature 15', 'set 0 gpu_util 50'], 'auto'],
  ] as const)('is read on when %s', async (_, lines, control) => {
    controlMock(...lines);
    const pci = pciDevices(2, control);
    const source = await openMock({ pciDevices: pci.folder, patience: soon });
    for (let i = 0; i < 12; i++) {
      const sample = await source.read(2000);
      expect([state(sample, 0), state(sample, 1)]).not.toContain('asleep');
    }
  });
});

function notListed(code: number): string[] {
  return ['Compute', 'Graphics'].map((kind) => `code * nvmlDeviceGet${kind}RunningProcesses_v3 ${code}`);
}

describe('the kernel’s list of devices', () => {
  it('is read without the sound device of a card, other makers, and GPUs that another driver has', () => {
    const { folder, set } = pciDevices(2);
    const device = (slot: string, vendor: string, kind: string) => {
      fs.mkdirSync(path.join(folder, slot));
      fs.writeFileSync(path.join(folder, slot, 'vendor'), vendor);
      fs.writeFileSync(path.join(folder, slot, 'class'), kind);
    };
    device('0000:01:00.1', '0x10de\n', '0x040300\n');
    device('0000:00:02.0', '0x8086\n', '0x030000\n');
    device('0000:41:00.0', '0x10de\n', '0x030200\n');
    fs.symlinkSync('../../drivers/vfio-pci', path.join(folder, '0000:41:00.0/driver'));
    set(1, 'suspending');
    expect(watchPciGpus(folder).gpus()).toEqual([
      { busId: '00000000:01:00.0', asleep: false, managed: true },
      { busId: '00000000:02:00.0', asleep: true, managed: true },
    ]);
  });

  it('is empty where there is none', () => expect(watchPciGpus('/nonexistent').gpus()).toEqual([]));
});
