import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { valueOf } from '../../app/metrics/frame.ts';
import { decodeDocument } from '../../app/telemetry/smi/document.ts';
import { decodeText } from '../../app/telemetry/smi/text.ts';
import { sharedCase } from '../support/shared.ts';

// nvidia-smi prints the names of processes as they are, and a name may hold anything.

describe('a document of nvidia-smi', () => {
  const decode = (xml: string) => {
    const decoded = decodeDocument(xml);
    if (!decoded.ok) throw new Error(decoded.error.message);
    return decoded.value;
  };

  it.each([
    '/opt/R&D<x>/python',
    'python -c "a<b && c>d"',
    '</process_name></process_info></processes></gpu>',
    '<gpu id="1"><temperature><gpu_temp>99 C</gpu_temp></temperature></gpu>',
    '<!-- a',
    '\u0001<',
    'a &amp; b',
  ])('is read although the name of a process is %j', (name) => {
    const info = (inner: string) =>
      `<process_info><pid>7</pid><type>C</type><process_name>${inner}</process_name>\n\t<used_memory>1 MiB</used_memory></process_info>`;
    const text = `<temperature><gpu_temp>64 C</gpu_temp></temperature><processes>${info(name)}${info('b')}</processes>`;
    const { gpus } = decode(`<nvidia_smi_log><gpu id="00000000:01:00.0">${text}</gpu></nvidia_smi_log>`);
    expect(gpus).toHaveLength(1);
    expect(valueOf(gpus[0]!.frame, 'coreTempC')).toBe(64);
    expect(gpus[0]!.processes.map((process) => process.name)).toEqual([name.replace('&amp;', '&'), 'b']);
  });

  it.each(['amp.xml', 'bad.xml', 'smi.xml', 'smi-control.xml', 'smi-markup.xml'])(
    'is read whatever its processes are called, as a real one shows: %s',
    (name) => {
      const real = sharedCase(`smi-xml-process-name/${name}`);
      if (!real) return;
      const { gpus } = decode(fs.readFileSync(real, 'utf8'));
      expect(valueOf(gpus[0]!.frame, 'powerW')).toBe(301.5);
      expect(gpus[0]!.processes.map(({ pid }) => pid)).toEqual([29907]);
    },
  );
});

describe('the text of nvidia-smi -q', () => {
  const decode = (text: string) => {
    const decoded = decodeText(text);
    if (!decoded.ok) throw new Error(decoded.error.message);
    return decoded.value;
  };
  const process = (name: string) =>
    [
      ...[
        '==============NVSMI LOG==============',
        '',
        'Attached GPUs : 1',
        'GPU 00000000:01:00.0',
        '    Product Name : A',
        '    Temperature',
      ],
      ...['        GPU Current Temp : 45 C', '    Processes', '        Process ID : 12', '            Type : C'],
      ...[`            Name : ${name}`, '            Used GPU Memory : 512 MiB', '        Process ID : 13'],
      ...['            Type : G', '            Name : X', '            Used GPU Memory : 1 MiB'],
    ].join('\n');

  it.each([
    'python -c\nimport time : temperature\nGPU 00000000:02:00.0',
    'a\n    Temperature\n        GPU Current Temp : 99 C',
    '[worker: a] : GPU Current Temp : 99 C',
    'a\n\n',
  ])('makes nothing of the lines of a process name: %j', (name) => {
    const { gpus } = decode(process(name));
    expect(gpus).toHaveLength(1);
    expect(valueOf(gpus[0]!.frame, 'coreTempC')).toBe(45);
    expect(gpus[0]!.processes.map(({ pid, vramBytes }) => [pid, vramBytes])).toEqual([
      [12, 512 * 2 ** 20],
      [13, 2 ** 20],
    ]);
  });

  const real = sharedCase('smi-q-process-name/q.txt');
  it.runIf(real)('makes one GPU of it, as a real one shows', () => {
    const { gpus } = decode(fs.readFileSync(real!, 'utf8'));
    expect(gpus.map(({ frame, processes }) => [valueOf(frame, 'coreTempC'), processes.length])).toEqual([[45, 2]]);
  });
});
