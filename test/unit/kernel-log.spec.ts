import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createXidScanner } from '../../app/telemetry/xid/kernel-log.ts';
import { sharedCase } from '../support/shared.ts';

const fixture = path.resolve(import.meta.dirname, '../fixtures/kernel-log/forms.txt');

function xidsOf(file: string) {
  const scan = createXidScanner();
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => scan(line) ?? []);
}

const FALLEN = 'installed in this system has fallen off the bus and is not responding to commands.';

describe('the kernel’s log', () => {
  it('names Xids of MIG slices, without PCI and with long domains, and a GPU that fell off the bus once', () => {
    expect(xidsOf(fixture)).toMatchObject([
      { slot: '00000000:41:00', code: 94, text: expect.stringMatching(/^pid=815, Contained/) },
      { slot: '00000000:02:00', code: 13 },
      { slot: '00010001:03:00', code: 62 },
      { slot: '00000000:41:00', code: 79, uptimeUs: 4_000_000, text: expect.stringContaining(FALLEN) },
      { slot: '00000000:02:00', code: 79, uptimeUs: 60_000_000, text: expect.stringContaining(FALLEN) },
    ]);
  });

  it('takes a message whose end never comes for no event', () => {
    const scan = createXidScanner();
    expect(scan('3,1,5,-;NVRM: The NVIDIA GPU 0000:41:00.0')).toBeUndefined();
    for (let i = 0; i < 8; i++) expect(scan(`6,${i + 2},9,-;usb 1-2: reset`)).toBeUndefined();
    expect(scan('3,20,10,-;NVRM: fallen off the bus and is not responding to commands.')).toBeUndefined();
  });

  const forms = sharedCase('kernel-log/xid-forms.txt');
  it.runIf(forms)('names all six Xids of a collection of real ones', () => {
    expect(xidsOf(forms!).map(({ slot, code }) => [slot, code])).toEqual([
      ['00000000:01:00', 94],
      ['00000000:01:00', 94],
      ['00000019:01:00', 149],
      ['00000000:01:00', 32],
      ['00000000:05:00', 13],
      ['00010000:01:00', 79],
    ]);
  });

  const fallen = sharedCase('kernel-log/fallen-off-bus.txt');
  it.runIf(fallen)('takes a real message about the bus, over three lines, as Xid 79', () => {
    expect(xidsOf(fallen!)).toMatchObject([
      { slot: '00000000:B3:00', code: 79, text: `The NVIDIA GPU 0000:b3:00.0 (PCI ID: 10de:26b5) ${FALLEN}` },
    ]);
  });
});
