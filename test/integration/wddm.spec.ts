import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProcessFiller, openPdh } from '../../app/telemetry/wddm/pdh.node.ts';
import type { GpuProcess } from '../../app/telemetry/source.ts';
import { compileLibrary } from '../support/compile-library.ts';
import { temporaryFolder } from '../support/folders.ts';
import { controlMock } from '../support/mock-nvml.ts';
import { openMock } from '../support/nvml-source.ts';

const GIB = 2 ** 30;
const pdh = (): string => compileLibrary(path.resolve(import.meta.dirname, '../mock-pdh'));
const at = (pid: number): string => `pid_${pid}_luid_0x00000000_0x0000D9A7_phys_0`;

/** What Windows counts, until the test ends. */
function counted(...lines: readonly string[]): { readonly set: (...lines: readonly string[]) => void } {
  const file = path.join(temporaryFolder(), 'counters');
  const set = (...now: readonly string[]): void => fs.writeFileSync(file, now.join('\n'));
  set(...lines);
  process.env['MOCK_PDH'] = file;
  onTestFinished(() => {
    delete process.env['MOCK_PDH'];
  });
  return { set };
}

describe('Windows’ counters', () => {
  it('are read with their names, as many as there are, and a load from the second reading on', () => {
    const many = Array.from({ length: 400 }, (_, i) => `memory ${at(1000 + i)} ${i * 4096}`);
    counted(...many, `engine ${at(1000)}_eng_0_engtype_3D 12.5`, `memory ${at(9)} 1 3221228474`);
    const counters = openPdh(pdh())!;
    const first = counters.read()!;
    expect(first.memory).toHaveLength(400); // the last one has no valid value
    expect(first.memory[399]).toEqual({ instance: at(1399), value: 399 * 4096 });
    counters.read();
    expect(counters.read()!.engines).toEqual([{ instance: `${at(1000)}_eng_0_engtype_3D`, value: 12.5 }]);
    counters.close();
  });

  it('are none on another system, where there is no such library', () => {
    expect(openPdh('/nonexistent/pdh.dll')).toBeUndefined();
    expect(openPdh(pdh())).toBeUndefined(); // it counts nothing of graphics cards
  });

  it('are asked once a tick for all GPUs, and only when the driver leaves something out', () => {
    const counters = counted(`memory ${at(4321)} ${GIB}`);
    const filler = createProcessFiller(pdh());
    const untold: GpuProcess[] = [{ pid: 4321, name: 'python.exe' }];
    filler.next();
    expect(filler.fill(untold, undefined)).toMatchObject([{ vramBytes: GIB, countedBy: 'windows' }]);
    counters.set(`memory ${at(4321)} ${2 * GIB}`);
    expect(filler.fill(untold, undefined)).toMatchObject([{ vramBytes: GIB }]); // of the same tick
    filler.next();
    expect(filler.fill(untold, undefined)).toMatchObject([{ vramBytes: 2 * GIB }]);
    const complete = [{ pid: 4321, name: '', vramBytes: 1 }];
    expect(filler.fill(complete, undefined)).toEqual(complete);
    expect(filler.fill(undefined, undefined)).toBeUndefined();
    filler.close();
  });
});

it('a driver that keeps memory by process from NVML is made good by Windows, on the real thread', async () => {
  controlMock('set -1 count 1', 'set 0 process_pid 4000', 'set 0 process_vram 18446744073709551615');
  counted(`memory ${at(4000)} ${6 * GIB}`);
  const source = await openMock({ pdh: pdh() });
  const { gpus } = await source.read(2000);
  expect(gpus[0]!.processes).toEqual([
    { pid: 4000, name: '/usr/bin/process-4000', type: 'compute', vramBytes: 6 * GIB, smPct: 88, countedBy: 'windows' },
  ]);
});
