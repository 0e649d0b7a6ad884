import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibrary } from '../../app/telemetry/nvml/library.node.ts';
import { createProcessLoads, SAMPLE_PERIOD_MS } from '../../app/telemetry/nvml/process-loads.ts';
import { createReader } from '../../app/telemetry/nvml/reader.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';

const FIRST_DEVICE = 1; // the stand-in driver's handle of GPU 0
const three = ['set 0 process_pid 4000', 'set 0 process_count 3', 'set 0 process_sm_2 7'];

/** Reads loads with a clock that the test sets. */
function openLoads() {
  const loaded = loadLibrary(compileMock([]));
  if (!loaded.ok) throw new Error(loaded.error.message);
  const reader = createReader(loaded.value, 8);
  reader.open();
  onTestFinished(() => {
    reader.close();
    loaded.value.unload();
  });
  let nowMs = 0;
  const read = createProcessLoads(loaded.value.bind, FIRST_DEVICE, () => nowMs);
  return (atMs = 0): (number | undefined)[] => {
    nowMs = atMs;
    const loads = read();
    return [4000, 4001, 4002].map(loads.get);
  };
}

describe('the load of a process', () => {
  it('is 0 if the driver lists other processes only', () => {
    controlMock(...three);
    expect(openLoads()()).toEqual([88, 0, 7]);
  });

  it('is found among more processes than the first request has room for', () => {
    controlMock(...three, 'set 0 process_samples 500');
    expect(openLoads()()).toEqual([88, 0, 7]);
  });

  const unsampled = [...three, 'set 0 process_unsampled 1'];
  it.each([
    ['the last one, within a sample period', SAMPLE_PERIOD_MS - 1, 97, [88, 0, 7]],
    ['the last one, within a sample period, also on an idle GPU', SAMPLE_PERIOD_MS - 1, 0, [88, 0, 7]],
    ['0 after a sample period on an idle GPU', SAMPLE_PERIOD_MS, 0, [0, 0, 0]],
    ['unknown after a sample period on a busy GPU', SAMPLE_PERIOD_MS, 1, [undefined, undefined, undefined]],
  ])('without a new sample is %s', (_what, atMs, utilPct, loads) => {
    const control = controlMock(...three);
    const read = openLoads();
    read(0);
    control.set(...unsampled, `set 0 gpu_util ${utilPct}`);
    expect(read(atMs)).toEqual(loads);
  });

  it('is the last one, within a sample period, if the driver repeats its old entries', () => {
    const control = controlMock(...three, 'set 0 process_repeated 1');
    const read = openLoads();
    expect(read(0)).toEqual([88, 0, 7]);
    control.set(...three, 'set 0 process_repeated 1', 'set 0 process_sm 3', 'set 0 gpu_util 9');
    expect(read(SAMPLE_PERIOD_MS - 1)).toEqual([88, 0, 7]);
    expect(read(SAMPLE_PERIOD_MS)).toEqual([undefined, undefined, undefined]);
  });

  it('is 0 on an idle GPU that never had a sample', () => {
    controlMock(...unsampled, 'set 0 gpu_util 0');
    expect(openLoads()()).toEqual([0, 0, 0]);
  });

  it.each([3, 4, 10, 15, 999])('is unknown after code %d, not 0', (code) => {
    controlMock(...three, `code 0 nvmlDeviceGetProcessUtilization ${code}`);
    expect(openLoads()()).toEqual([undefined, undefined, undefined]);
  });

  it('is unknown, not 0, where the reported value cannot be one', () => {
    controlMock(...three, 'set 0 process_sm 4294967295');
    expect(openLoads()()).toEqual([undefined, 0, 7]);
  });
});
