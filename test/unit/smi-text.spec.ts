import fc from 'fast-check';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../app/metrics/metrics.ts';
import { readingOf, valueOf, type Frame } from '../../app/metrics/frame.ts';
import { decodeDocument } from '../../app/telemetry/smi/document.ts';
import { decodeText } from '../../app/telemetry/smi/text.ts';

const HEADLINE = '==============NVSMI LOG==============';
const newest = fs.readFileSync('test/fixtures/nvidia-smi/driver-610-idle-query-q.txt', 'utf8');

const decode = (text: string) => {
  const decoded = decodeText(text);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
};

/** The readings of one card of which these lines are printed. */
const one = (...lines: readonly string[]): Frame =>
  decode([HEADLINE, '', 'GPU 00000000:01:00.0', ...lines.map((line) => `    ${line}`)].join('\n')).gpus[0]!.frame;

describe('the text of nvidia-smi -q', () => {
  it('names the driver, each card and what runs on it', () => {
    const { driverVersion, timestamp, gpus } = decode(newest);
    expect(driverVersion).toBe('610.11.22');
    expect(timestamp).toBe('Tue Oct  6 07:08:09 2026');
    expect(gpus.map(({ gpu }) => gpu)).toEqual([
      {
        uuid: 'GPU-cccccccc-0000-0000-0000-000000000001',
        index: 0,
        name: 'Fixture Card 610',
        pciBusId: '00000000:21:00.0',
        vbios: '98.05.11.22.33',
        architecture: 'Fixture',
      },
      {
        uuid: 'GPU-cccccccc-0000-0000-0000-000000000002',
        index: 1,
        name: 'Fixture Card 610',
        pciBusId: '00000000:41:00.0',
      },
    ]);
    expect(gpus[0]!.processes).toEqual([
      { pid: 3141, name: '/opt/with : colon/worker', type: 'compute', vramBytes: 1500 * 2 ** 20 },
      { pid: 5926, name: '[Not Found]', type: 'both' },
    ]);
  });

  it('has limits in a section of their own since driver 610, and static ones called a specification', () => {
    const { frame } = decode(newest).gpus[0]!;
    expect(valueOf(frame, 'powerLimitW')).toBe(510);
    expect(valueOf(frame, 'powerRequestedLimitW')).toBe(520);
    expect(readingOf(frame, 'tempMaxC')).toEqual({ state: 'value', value: 87, derived: true });
    expect(readingOf(frame, 'tempTargetC')).toEqual({ state: 'value', value: 82, derived: false });
  });

  it('keeps apart what has the same name in different sections', () => {
    const frame = one(
      ...['Max Clocks', '    Graphics : 3090 MHz', 'Clocks', '    Graphics : 615 MHz'],
      ...['Applications Clocks', '    Graphics : 900 MHz', 'ECC Mode', '    Current : Disabled', 'MIG Mode'],
      ...['    Current : Enabled', 'BAR1 Memory Usage', '    Used : 12 MiB', 'FB Memory Usage', '    Used : 34 MiB'],
    );
    expect(valueOf(frame, 'graphicsClockMhz')).toBe(615);
    expect(valueOf(frame, 'maxGraphicsClockMhz')).toBe(3090);
    expect(valueOf(frame, 'eccMode')).toBe(0);
    expect(valueOf(frame, 'migMode')).toBe(1);
    expect(valueOf(frame, 'migInstances')).toBe(0);
    expect(valueOf(frame, 'bar1UsedBytes')).toBe(12 * 2 ** 20);
    expect(valueOf(frame, 'vramUsedBytes')).toBe(34 * 2 ** 20);
  });

  it('gives the memory of a MIG instance to the instance', () => {
    const text = [
      ...[HEADLINE, 'GPU 00000000:01:00.0', '    MIG Mode', '        Current : Enabled', '    MIG Device'],
      ...['        Index : 5', '        Shared FB Memory Usage', '            Total : 100 MiB'],
      ...['            Used : 7 MiB', '    FB Memory Usage', '        Total : 200 MiB', '        Used : 9 MiB'],
    ].join('\n');
    const { frame, mig } = decode(text).gpus[0]!;
    expect(mig).toEqual([{ index: 5, vramUsedBytes: 7 * 2 ** 20, vramTotalBytes: 100 * 2 ** 20 }]);
    expect(valueOf(frame, 'vramUsedBytes')).toBe(9 * 2 ** 20);
    expect(valueOf(frame, 'migInstances')).toBe(1);
  });

  it.each([
    ['N/A', 'unsupported'],
    ['Requested functionality has been deprecated', 'unsupported'],
    ['ERR!', 'failed'],
    ['[Unknown Error]', 'failed'],
    ['GPU is lost', 'lost'],
    ['Insufficient Permissions', 'denied'],
  ])('says %j beside a name, and in place of a whole section: %s', (word, state) => {
    expect(readingOf(one('Temperature', `    GPU Current Temp : ${word}`), 'coreTempC').state).toBe(state);
    const section = one(`Temperature : ${word}`, `Remapped Rows : ${word}`);
    for (const key of ['coreTempC', 'tempMaxC', 'remapPending', 'remapBanksMax'] as const) {
      expect(readingOf(section, key).state, key).toBe(state);
    }
  });

  it('never takes the number of a whole section for one of its readings', () => {
    const frame = one('Temperature : 67 C', 'Clocks : 900 MHz', 'Remapped Rows : 4', 'ECC Errors : 7');
    for (const { key } of metrics) expect(readingOf(frame, key).state, key).not.toBe('value');
  });

  it('is read with any padding, any width and the line ends of Windows', () => {
    const golden = decode(newest);
    expect(decode(newest.replaceAll('\n', '\r\n'))).toEqual(golden);
    expect(decode(newest.replace(/ +: /g, ' : ').replaceAll('\n', '   \n'))).toEqual(golden);
  });

  it('says of what is cut off that it is not there, and nothing else', () => {
    const whole = decode(newest).gpus[0]!.frame;
    fc.assert(
      fc.property(fc.nat(newest.length), (end) => {
        const decoded = decodeText(newest.slice(0, end));
        if (!decoded.ok) return;
        const { frame } = decoded.value.gpus[0]!;
        const last = newest.slice(0, end).split('\n').at(-1)!;
        for (const { key } of metrics) {
          const reading = readingOf(frame, key);
          // the last line may be cut within its number, which no reader can see; a name may end before its newer one came
          if (reading.state !== 'value' || reading.value === valueOf(whole, key)) continue;
          expect([
            key,
            / : \S*$/.test(last) ||
              reading.derived ||
              key === 'powerW' ||
              key === 'throttleReasons' ||
              key === 'migInstances',
          ]).toEqual([key, true]);
        }
      }),
    );
  });

  it('reads the version that a note follows since driver 610', () => {
    const version = '610.47 [Deprecated; will be removed in CUDA 14.0. Use KMD Version instead]';
    expect(decode(newest.replace('610.11.22', version)).driverVersion).toBe('610.47');
    const kmd = newest.replace(/Driver Version( +): .*/, 'KMD Version$1   : 610.47');
    expect(decode(kmd).driverVersion).toBe('610.47');
  });

  /** One whole GPU with one process. */
  const whole = [
    ...[HEADLINE, '', 'Attached GPUs : 1', 'GPU 00000000:01:00.0', '    Product Name : A', '    Temperature'],
    ...['        GPU Current Temp : 45 C', '    Processes : None'],
  ].join('\n');

  it('is refused if it ends before the last part of a GPU, or has more GPUs than it says', () => {
    const cut = newest.slice(0, newest.lastIndexOf('    Processes'));
    expect(decodeText(cut)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('cut off') as string },
    });
    const invented = `${whole}\nGPU 00000000:02:00.0\n    Fan Speed : 3 %\n`;
    expect(decodeText(invented)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('says 1 GPUs and has 2') as string },
    });
    // -i prints one of them, -d chosen sections
    expect(decodeText(whole.replace('Attached GPUs : 1', 'Attached GPUs : 8')).ok).toBe(true);
    expect(valueOf(one('Temperature', '    GPU Current Temp : 45 C'), 'coreTempC')).toBe(45);
  });

  it('does not report what it does not print', () => {
    const frame = one('Temperature', '    GPU Current Temp : 45 C', '    Memory Current Temp : N/A');
    expect(readingOf(frame, 'powerW').state).toBe('unreported');
    expect(readingOf(frame, 'memTempC').state).toBe('unsupported');
  });

  it('of any size and shape is answered: nothing in it makes the decoder slow or throw', () => {
    const hostile = [
      ' '.repeat(1_000_000),
      ' :'.repeat(300_000),
      ':'.repeat(1_000_000),
      '='.repeat(1_000_000),
      'x'.repeat(1_000_000),
      '\n'.repeat(100_000),
      Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}x`).join('\n'),
      '__proto__ : 5\nconstructor : 6\ntoString',
      '\n    Type : C\n    Name : a'.repeat(20_000),
    ];
    for (const text of hostile) decodeText(`${HEADLINE}\nGPU 00000000:01:00.0\n    Fan Speed${text} : ${text}\n`);
    for (const text of hostile) expect(decodeText(text).ok).toBe(false);
  });

  it('of something else is refused with a sentence', () => {
    for (const text of ['', 'NVIDIA-SMI has failed', `${HEADLINE}\n\nAttached GPUs : 0\n`, '<nvidia_smi_log/>']) {
      const decoded = decodeText(text);
      expect(!decoded.ok && decoded.error.message).toMatch(/\.$/);
    }
    expect(decodeDocument(newest).ok).toBe(false);
  });
});
