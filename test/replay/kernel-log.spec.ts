import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseKernelXid } from '../../app/telemetry/xid/kernel-log.ts';
import { recordings } from '../support/shared.ts';

const logs = recordings((name) => /dmesg.*\.log$|kmsg.*\.log$/.test(name));

/** The records as /dev/kmsg gives them; what `dmesg` printed is put into that form. */
const recordsOf = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line, i) => line.replace(/^\[[^\]]*\] /, `3,${i},${i * 1000},-;`));

it('a line of another driver, or of NVIDIA’s without an Xid, is none', () => {
  const others = [
    'usb 1-1: new high-speed USB device number 4',
    'NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.54.03',
  ];
  expect(recordsOf(others.join('\n')).flatMap((record) => parseKernelXid(`3,1,1,-;${record}`) ?? [])).toEqual([]);
});

describe.each(logs)('$name', ({ file }) => {
  const records = recordsOf(fs.readFileSync(file, 'utf8'));

  it('gives each Xid line and nothing else', () => {
    const xids = records.flatMap((record) => parseKernelXid(record) ?? []);
    const lines = records
      .map((record) => record.slice(record.indexOf(';') + 1))
      .filter((text) => text.includes(' Xid '));
    expect(xids).toHaveLength(lines.length);
    xids.forEach(({ slot, code, text }, i) => {
      const [, bus, rest] = lines[i]!.split(/\(PCI:|\): /);
      expect(slot).toBe(`0000${bus!.toUpperCase()}`);
      expect(rest).toBe(`${code}, ${text}`);
    });
  });
});
