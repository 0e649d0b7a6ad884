import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GpuProcess } from '../../app/telemetry/source.ts';
import { withCounters, type WindowsCounters } from '../../app/telemetry/wddm/counters.ts';

const GIB = 2 ** 30;
const NVIDIA = 'luid_0x00000000_0x0000D9A7';
const OTHER = 'luid_0x00000000_0x0000C1B2';
const none: WindowsCounters = { memory: [], adapters: [], engines: [] };
const memory = (pid: number, luid: string, value: number) => ({ instance: `pid_${pid}_${luid}_phys_0`, value });
const engine = (pid: number, luid: string, type: string, value: number, number = 0) => ({
  instance: `pid_${pid}_${luid}_phys_0_eng_${number}_engtype_${type}`,
  value,
});
const told: GpuProcess[] = [
  { pid: 100, name: 'python.exe', type: 'compute' },
  { pid: 200, name: 'dwm.exe', type: 'graphics' },
];

describe('processes under WDDM', () => {
  it('get the memory and the load that Windows counts, and say so', () => {
    const counters = {
      memory: [memory(100, NVIDIA, 7 * GIB), memory(200, NVIDIA, GIB), memory(300, NVIDIA, GIB)],
      adapters: [],
      engines: [
        engine(100, NVIDIA, '3D', 3.2),
        engine(100, NVIDIA, 'Compute_0', 87.6, 5),
        engine(100, NVIDIA, 'VideoDecode', 99, 7),
        engine(200, NVIDIA, 'Copy', 40),
      ],
    };
    expect(withCounters(told, undefined, counters)).toEqual([
      { ...told[0], vramBytes: 7 * GIB, smPct: 88, countedBy: 'windows' },
      { ...told[1], vramBytes: GIB, countedBy: 'windows' },
    ]);
  });

  it('keep what the driver told', () => {
    const known = [{ ...told[0]!, vramBytes: 5, smPct: 1 }, told[1]!];
    const counters = { ...none, memory: [memory(100, NVIDIA, 9), memory(200, NVIDIA, 9)] };
    expect(withCounters(known, undefined, counters)).toEqual([
      known[0],
      { ...told[1], vramBytes: 9, countedBy: 'windows' },
    ]);
  });

  it('on two adapters have the memory of the one that the GPU is, by what it uses', () => {
    const counters = {
      ...none,
      memory: [memory(200, OTHER, GIB / 2), memory(200, NVIDIA, GIB), memory(100, NVIDIA, 7 * GIB)],
      adapters: [
        { instance: `${NVIDIA}_phys_0`, value: 8.2 * GIB },
        { instance: `${OTHER}_phys_0`, value: GIB / 2 },
      ],
    };
    expect(withCounters(told, 8 * GIB, counters).map(({ vramBytes }) => vramBytes)).toEqual([7 * GIB, GIB]);
  });

  it('have none when only another adapter holds memory of theirs', () => {
    const counters = {
      ...none,
      memory: [memory(200, OTHER, GIB / 2), memory(200, NVIDIA, 0)],
      adapters: [
        { instance: `${NVIDIA}_phys_0`, value: 8 * GIB },
        { instance: `${OTHER}_phys_0`, value: GIB / 2 },
      ],
    };
    expect(withCounters(told, 8 * GIB, counters)).toEqual(told);
  });

  it.each([
    ['both use as much', 8 * GIB, [8 * GIB, 8.1 * GIB]],
    ['neither uses as much', 8 * GIB, [2 * GIB, 3 * GIB]],
    ['what the GPU uses is not known', undefined, [8 * GIB, GIB]],
  ])('on two adapters that cannot be told apart have none: %s', (_, usedBytes, [a, b]) => {
    const counters = {
      ...none,
      memory: [memory(100, NVIDIA, GIB), memory(100, OTHER, GIB)],
      adapters: [
        { instance: `${NVIDIA}_phys_0`, value: a! },
        { instance: `${OTHER}_phys_0`, value: b! },
      ],
    };
    expect(withCounters(told, usedBytes, counters)).toEqual(told);
  });

  it('never get a number that is not one of the counters, whatever these say', () => {
    const instance = fc.oneof(
      fc.constantFrom(
        `pid_100_${NVIDIA}_phys_0`,
        `pid_200_${OTHER}_phys_0`,
        `pid_100_${NVIDIA}`,
        'pid__luid_',
        '_Total',
      ),
      fc.string(),
    );
    const items = fc.array(fc.record({ instance, value: fc.oneof(fc.double(), fc.nat()) }), { maxLength: 6 });
    fc.assert(
      fc.property(
        fc.record({ memory: items, adapters: items, engines: items }),
        fc.option(fc.nat()),
        (counters, used) => {
          const sum = counters.memory.reduce((all, { value }) => all + (value >= 0 ? value : 0), 0);
          withCounters(told, used ?? undefined, counters).forEach((process, i) => {
            expect(process).toMatchObject(told[i]!);
            if (process.vramBytes !== undefined) expect(process.vramBytes).toBeGreaterThanOrEqual(0);
            if (process.vramBytes !== undefined) expect(process.vramBytes).toBeLessThanOrEqual(sum);
            if (process.smPct !== undefined) expect(process.smPct).toBeLessThanOrEqual(100);
          });
        },
      ),
    );
  });
});
