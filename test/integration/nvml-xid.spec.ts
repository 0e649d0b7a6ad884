import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GpuEvent } from '../../app/telemetry/source.ts';
import { openKernelLog } from '../../app/telemetry/xid/kernel-log.node.ts';
import { parseKernelXid } from '../../app/telemetry/xid/kernel-log.ts';
import { temporaryFolder } from '../support/folders.ts';
import { tickWith } from '../support/frames.ts';
import { controlMock } from '../support/mock-nvml.ts';
import { openMock, readUntil } from '../support/nvml-source.ts';
import { recordings } from '../support/shared.ts';
import { openStore } from '../support/store.ts';

const uptimeUs = (): number => Math.round(Number(process.hrtime.bigint()) / 1000);
const xidLine = (slot: string, code: number, atUs = uptimeUs()): string =>
  `4,1717,${atUs},-;NVRM: Xid (PCI:${slot}): ${code}, pid=4321, name=python3, GPU has fallen off the bus.\n`;

describe('XID errors', () => {
  it('come through the driver’s events and the kernel’s log, and are one event with both as witnesses', async () => {
    const kernelLog = path.join(temporaryFolder(), 'kmsg');
    fs.writeFileSync(kernelLog, '6,1,100,-;Linux version 6.1\n');
    const control = controlMock();
    const source = await openMock({ kernelLog, patience: { slowMs: 100 } });
    const { store } = openStore();
    await source.read(2000);
    control.set('event 1 XID 79');
    const line = xidLine('0000:02:00', 79);
    fs.appendFileSync(kernelLog, line.slice(0, 40));
    fs.appendFileSync(kernelLog, line.slice(40));
    fs.appendFileSync(kernelLog, xidLine('0000:01:00', 13));
    fs.appendFileSync(kernelLog, xidLine('0000:7f:00', 31)); // a card of somebody else
    const events: GpuEvent[] = [];
    await readUntil(
      source,
      () => events.length === 3,
      (sample) => {
        events.push(...(sample.events ?? []));
        const tick = tickWith(sample.tsMs, 100, []);
        store.append({ ...tick, gpus: sample.gpus, events: sample.events });
      },
    );
    expect(events.map(({ code, witness, gpuUuid }) => [code, witness, gpuUuid.at(-1)]).sort()).toEqual([
      [13, 'kernel', '0'],
      [79, 'kernel', '1'],
      [79, 'nvml', '1'],
    ]);
    for (const { tsMs } of events) expect(Math.abs(tsMs - Date.now())).toBeLessThan(10_000);
    const stored = store.xids.newest(10).map(({ code, witness, text }) => ({ code, witness, text }));
    const text = 'pid=4321, name=python3, GPU has fallen off the bus.';
    expect(stored).toHaveLength(2);
    expect(stored).toContainEqual({ code: 79, witness: 'both', text });
    expect(stored).toContainEqual({ code: 13, witness: 'kernel', text });
  });

  it('are reported although the driver was closed before they were read', async () => {
    const control = controlMock();
    const source = await openMock({ patience: { slowMs: 400, reopenMs: 100 } });
    await source.read(2000);
    control.set('event 1 XID 79', 'code 1 nvmlDeviceGetTemperature 15');
    const told = await readUntil(source, ({ events }) => events?.length === 1);
    expect(told.events).toMatchObject([{ code: 79, witness: 'nvml', gpuUuid: expect.stringMatching(/1$/) }]);
  });

  it('are not missed while no samples are taken: each is reported once, in order', async () => {
    const control = controlMock();
    const source = await openMock({ patience: { slowMs: 100 } });
    await source.read(2000);
    control.set('event 0 XID 13', 'event 0 XID 31');
    await new Promise((resolve) => setTimeout(resolve, 350));
    control.set('event 0 XID 13', 'event 0 XID 31', 'event 1 XID 43');
    await new Promise((resolve) => setTimeout(resolve, 350));
    const codes: number[] = [];
    await readUntil(
      source,
      () => codes.length >= 3,
      ({ events }) => codes.push(...events!.map(({ code }) => code)),
    );
    expect(codes).toEqual([13, 31, 43]);
  });
});

describe('the kernel’s log', () => {
  it('is read from what the kernel remembers, then what is new, also where a record is cut', () => {
    const file = path.join(temporaryFolder(), 'kmsg');
    const noise = '6,2,3000,-;usb 1-1: new device\n SUBSYSTEM=usb\n'.repeat(400); // longer than one reading
    fs.writeFileSync(file, `${xidLine('0000:01:00', 79)}${noise}${xidLine('0000:02:00', 48)}`);
    const log = openKernelLog(file)!;
    expect(log.take().map(({ slot, code }) => [slot, code])).toEqual([
      ['00000000:01:00', 79],
      ['00000000:02:00', 48],
    ]);
    expect(log.take()).toEqual([]);
    fs.appendFileSync(file, xidLine('00000001:9b:00', 119));
    expect(log.take()).toMatchObject([{ slot: '00000001:9B:00', code: 119 }]);
    log.close();
  });

  it('is done without where it cannot be opened', () => expect(openKernelLog('/nonexistent')).toBeUndefined());

  it.each([
    '',
    'NVRM: Xid (PCI:0000:9b:00): 79',
    '4,1,2,-;something NVRM: Xid (PCI:0000:9b:00): 79',
    '4,1,2,-;NVRM: Xid (PCI:0000:9b:00): GPU lost',
    '4,1,x,-;NVRM: Xid (PCI:0000:9b:00): 79',
  ])('%j is no XID error', (record) => expect(parseKernelXid(record)).toBeUndefined());

  const logs = recordings((name) => /dmesg|kmsg/.test(name));
  it.each(logs)('$name is read like a search for "Xid" in it', ({ file }) => {
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    const found = lines.map((line) => parseKernelXid(line.replace(/^\[[^\]]*\] /, '4,1,2,-;'))).filter(Boolean);
    expect(found).toHaveLength(lines.filter((line) => /NVRM: Xid \(PCI:/.test(line)).length);
    for (const xid of found) expect(xid).toMatchObject({ slot: expect.stringMatching(/^[0-9A-F]{8}:[0-9A-F]{2}:/) });
  });
});
