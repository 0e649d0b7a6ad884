import fc from 'fast-check';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../app/metrics/metrics.ts';
import { readingOf, valueOf, type Frame } from '../../app/metrics/frame.ts';
import { createDocumentStream } from '../../app/telemetry/smi/document-stream.ts';
import { decodeDocument } from '../../app/telemetry/smi/document.ts';

const read = (name: string) => fs.readFileSync(`test/fixtures/nvidia-smi/${name}`, 'utf8');
const decode = (xml: string) => {
  const decoded = decodeDocument(xml);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
};

const card = (inner: string): string => `<gpu id="00000000:01:00.0">${inner}</gpu>`;
const one = (inner: string): Frame => decode(`<nvidia_smi_log>${card(inner)}</nvidia_smi_log>`).gpus[0]!.frame;

describe('a document of nvidia-smi', () => {
  it('is decoded by the tags it has', () => {
    const { driverVersion, gpus } = decode(read('two-cards.xml'));
    const { gpu, frame, processes } = gpus[0]!;
    expect(driverVersion).toBe('575.57.08');
    expect(gpu).toEqual({
      uuid: 'GPU-aaaaaaaa-0000-0000-0000-000000000001',
      index: 0,
      name: 'Fixture Card One',
      pciBusId: '00000000:01:00.0',
      vbios: '94.02.26.08.1C',
    });
    expect(valueOf(frame, 'coreTempC')).toBe(67);
    expect(valueOf(frame, 'powerW')).toBe(312.4);
    expect(valueOf(frame, 'powerAverageW')).toBe(312.4);
    expect(valueOf(frame, 'powerInstantW')).toBe(318.02);
    expect(valueOf(frame, 'memUtilPct')).toBe(61);
    expect(valueOf(frame, 'throttleReasons')).toBe(0x4 | 0x20);
    expect(valueOf(frame, 'throttledSwPowerUs')).toBe(4251825415);
    expect(valueOf(frame, 'vramUsedBytes')).toBe(19000 * 2 ** 20);
    expect(readingOf(frame, 'memTempC').state).toBe('unsupported');
    expect(processes).toEqual([
      { pid: 4242, name: '/usr/bin/python3 & more', type: 'compute', vramBytes: 18000 * 2 ** 20 },
    ]);
  });

  it('gives limits derived from margins, marked as derived', () => {
    const { frame } = decode(read('two-cards.xml')).gpus[0]!;
    expect(readingOf(frame, 'tempMaxC')).toEqual({ state: 'value', value: 83, derived: true });
    expect(readingOf(frame, 'tempSlowdownC')).toEqual({ state: 'value', value: 85, derived: true });
    expect(readingOf(frame, 'tempShutdownC')).toEqual({ state: 'value', value: 90, derived: true });
    expect(readingOf(frame, 'tempTargetC')).toEqual({ state: 'value', value: 84, derived: false });
  });

  it('says why each reading of a lost GPU is absent, and invents none', () => {
    const { frame, processes } = decode(read('two-cards.xml')).gpus[1]!;
    expect(readingOf(frame, 'coreTempC').state).toBe('lost');
    expect(readingOf(frame, 'pstate').state).toBe('lost');
    expect(readingOf(frame, 'fanPct').state).toBe('failed');
    expect(readingOf(frame, 'vramUsedBytes').state).toBe('denied');
    expect(readingOf(frame, 'gpuUtilPct').state).toBe('unsupported');
    expect(readingOf(frame, 'powerW').state).toBe('unreported');
    expect(processes).toEqual([]);
  });

  it('of an old driver is decoded by its old tags', () => {
    const { frame } = decode(read('old-card.xml')).gpus[0]!;
    expect(valueOf(frame, 'powerW')).toBe(101.25);
    expect(valueOf(frame, 'powerLimitW')).toBe(110);
    expect(valueOf(frame, 'throttleReasons')).toBe(0x8);
    expect(readingOf(frame, 'tempSlowdownC')).toEqual({ state: 'value', value: 93, derived: false });
    expect(readingOf(frame, 'powerInstantW').state).toBe('unreported');
  });

  it('is refused when it is cut off, at any place', () => {
    const xml = read('old-card.xml').trimEnd();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: xml.length - 1 }), (end) => {
        expect(decodeDocument(xml.slice(0, end)).ok).toBe(false);
      }),
    );
  });

  it('never throws, however its text is mangled', () => {
    const xml = read('two-cards.xml');
    const { length } = xml;
    fc.assert(
      fc.property(fc.nat(length), fc.nat(60), fc.string({ unit: 'binary', maxLength: 12 }), (at, cut, text) => {
        decodeDocument(xml.slice(0, at) + text + xml.slice(at + cut));
      }),
      { numRuns: 1000 },
    );
  });

  it('never makes a number of a cell that holds another text', () => {
    const xml = read('two-cards.xml');
    const cells = [...xml.matchAll(/>([^<>\s][^<>]*)<\//g)].map((match) => ({
      at: match.index + 1,
      length: match[1]!.length,
    }));
    const before = decode(xml);
    const word = fc
      .stringMatching(/^[^<>&]{0,12}$/)
      .filter((text) => !/^\s*-?\d+(\.\d+)?\s*[A-Za-z%/]*\s*$/.test(text) && !/^\s*P\d/.test(text));
    fc.assert(
      fc.property(fc.constantFrom(...cells), word, ({ at, length }, text) => {
        const after = decode(xml.slice(0, at) + text + xml.slice(at + length));
        after.gpus.forEach(({ frame }, i) => {
          for (const { key } of metrics) {
            const [was, is] = [readingOf(before.gpus[i]!.frame, key), readingOf(frame, key)];
            // the mask is made of several cells: losing one is losing a bit. powerW has a second name to fall back on.
            if (is.state !== 'value' || key === 'throttleReasons' || key === 'powerW') continue;
            expect(is, key).toEqual(was);
          }
        });
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a file', '<!ENTITY x SYSTEM "file:///etc/passwd">'],
    ['a host', '<!ENTITY x SYSTEM "http://127.0.0.1:1/x">'],
    ['a number', '<!ENTITY x "67 C">'],
    ['itself a thousand times', '<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'],
  ])('is refused when it declares an entity that is %s', (_, entity) => {
    const xml = `<!DOCTYPE nvidia_smi_log [${entity}]><nvidia_smi_log>${card('<temperature><gpu_temp>&x;</gpu_temp></temperature>')}</nvidia_smi_log>`;
    const decoded = decodeDocument(xml);
    expect(!decoded.ok && decoded.error.message).toContain('entities');
  });

  it('may name a DTD, which is not fetched; undeclared entities stay text', () => {
    const dtd = '<!DOCTYPE nvidia_smi_log SYSTEM "file:///nowhere/nvsmi_device_v13.dtd">';
    const cells = '<fan_speed>&x;</fan_speed><utilization><gpu_util>&#53; %</gpu_util></utilization>';
    const { gpu, frame } = decode(
      `${dtd}<nvidia_smi_log>${card(`${cells}<product_name>A &amp;lt; B</product_name>`)}</nvidia_smi_log>`,
    ).gpus[0]!;
    expect(gpu.name).toBe('A &lt; B');
    expect(readingOf(frame, 'fanPct').state).toBe('failed');
    expect(readingOf(frame, 'gpuUtilPct').state).toBe('failed');
  });

  it.each([
    ['N/A', 'unsupported'],
    ['Requested functionality has been deprecated', 'unsupported'],
    ['[Not Supported]', 'unsupported'],
    ['ERR!', 'failed'],
    ['[Unknown Error]', 'failed'],
    ['Unknown Error', 'failed'],
    ['GPU is lost', 'lost'],
    ['GPU requires reset', 'lost'],
    ['Insufficient Permissions', 'denied'],
    ['', 'unsupported'],
  ])('says %j in a cell, and in place of a whole section: %s', (word, state) => {
    const cell = one(`<temperature><gpu_temp>${word}</gpu_temp></temperature>`);
    expect(readingOf(cell, 'coreTempC').state).toBe(state);
    const section = one(`<temperature>\n\t${word}\n</temperature><remapped_rows>${word}</remapped_rows>`);
    for (const key of ['coreTempC', 'memTempC', 'tempMaxC', 'remapPending', 'remapBanksMax'] as const) {
      expect(readingOf(section, key).state, key).toBe(state);
    }
  });

  it('never takes the number of a whole section for one of its readings', () => {
    const frame = one('<temperature>67 C</temperature><remapped_rows>4</remapped_rows><ecc_errors>7</ecc_errors>');
    for (const { key } of metrics) expect(readingOf(frame, key).state, key).not.toBe('value');
  });

  it('never joins a number from pieces around markup', () => {
    const inside = (markup: string) => one(`<temperature><gpu_temp>6${markup}7 C</gpu_temp></temperature>`);
    expect(readingOf(inside('<x/>'), 'coreTempC').state).not.toBe('value');
    expect(readingOf(inside('<x>1</x>'), 'coreTempC').state).not.toBe('value');
    expect(readingOf(inside('<?x?>'), 'coreTempC').state).not.toBe('value');
    expect(readingOf(inside('<![CDATA[1]]> '), 'coreTempC').state).not.toBe('value');
  });

  it('is read across comments, CDATA and padding', () => {
    expect(valueOf(one('<temperature><!-- 1 C --><gpu_temp>\n  67 C\t</gpu_temp></temperature>'), 'coreTempC')).toBe(
      67,
    );
    expect(valueOf(one('<temperature><gpu_temp>67 C<!-- 68 C --></gpu_temp></temperature>'), 'coreTempC')).toBe(67);
    expect(valueOf(one('<temperature><gpu_temp><![CDATA[67 C]]></gpu_temp></temperature>'), 'coreTempC')).toBe(67);
    expect(valueOf(one('<temperature><gpu_temp unit="C">67 C</gpu_temp></temperature>'), 'coreTempC')).toBe(67);
  });

  it('is refused when a piece in its middle is missing, which would give one GPU the readings of the next', () => {
    const hole = read('two-cards.xml').replace(/<gpu_temp>67 C[^]*?<fan_speed>\[/, '<fan_speed>[');
    const decoded = decodeDocument(hole);
    expect(!decoded.ok && decoded.error.message).toContain('damaged');
  });

  it('is read although the path of a process holds a bare &', () => {
    const { processes } = decode(read('two-cards.xml').replace('&amp; more', '& more')).gpus[0]!;
    expect(processes.map(({ name }) => name)).toEqual(['/usr/bin/python3 & more']);
  });

  it('gives a card whose UUID cannot be read the name of its slot, so that two of them stay two', () => {
    const gpus = ['01', '41'].map((bus) => `<gpu id="0:${bus}:00.0"><uuid>GPU is lost</uuid></gpu>`).join('');
    expect(decode(`<nvidia_smi_log>${gpus}</nvidia_smi_log>`).gpus.map(({ gpu }) => gpu.uuid)).toEqual([
      'PCI-0:01:00.0',
      'PCI-0:41:00.0',
    ]);
  });

  it('counts MIG instances where it lists them, and never by a missing list', () => {
    const enabled = '<mig_mode><current_mig>Enabled</current_mig></mig_mode>';
    expect(valueOf(one(`${enabled}<mig_devices>None</mig_devices>`), 'migInstances')).toBe(0);
    expect(readingOf(one(enabled), 'migInstances').state).toBe('unreported');
    const { frame, mig } = decode(read('mig.xml')).gpus[0]!;
    expect(valueOf(frame, 'migInstances')).toBe(2);
    expect(mig).toEqual([
      { index: 0, vramUsedBytes: 4096 * 2 ** 20, vramTotalBytes: 19968 * 2 ** 20 },
      { index: 1, vramUsedBytes: 2 * 2 ** 20, vramTotalBytes: 4864 * 2 ** 20 },
    ]);
  });

  it('sums counters that are printed apart, all of them or none, and says so', () => {
    const { frame } = decode(read('mig.xml')).gpus[0]!;
    expect(readingOf(frame, 'eccCorrectedVolatile')).toEqual({ state: 'value', value: 9, derived: true });
    expect(readingOf(frame, 'eccUncorrectedVolatile')).toEqual({ state: 'value', value: 22, derived: true });
    expect(readingOf(frame, 'eccUncorrectedAggregate').state).toBe('unsupported');
  });

  it('of any size and shape is answered: nothing in it makes the decoder slow or throw', () => {
    const hostile = [
      '<x>'.repeat(100_000),
      '</gpu>'.repeat(100_000),
      ' '.repeat(1_000_000),
      '<!--'.repeat(100_000),
      '<![CDATA['.repeat(100_000),
      '<!DOCTYPE'.repeat(100_000),
      '&'.repeat(300_000),
      '9'.repeat(1_000_000),
      '<__proto__>1</__proto__>',
      '<process_name>'.repeat(100_000),
      '<process_name></process_name>'.repeat(50_000),
    ];
    for (const text of hostile) {
      decodeDocument(`<nvidia_smi_log><gpu id="1"><fan_speed>${text}</fan_speed></gpu></nvidia_smi_log>`);
      decodeDocument(`${text}</nvidia_smi_log>`);
    }
    const frame = one(`<fan_speed>${'9'.repeat(1_000_000)} %</fan_speed>`);
    expect(readingOf(frame, 'fanPct').state).toBe('implausible');
  });

  it('of something else is refused', () => {
    expect(decodeDocument('<html></html></nvidia_smi_log>').ok).toBe(false);
    expect(decodeDocument('').ok).toBe(false);
  });
});

describe('a stream of documents', () => {
  const documents = [read('two-cards.xml'), read('old-card.xml'), read('two-cards.xml')];

  it('is cut into the same documents, however it arrives', () => {
    const text = documents.join('');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1 }), (sizes) => {
        const out: string[] = [];
        const noise: string[] = [];
        const stream = createDocumentStream(
          (xml) => out.push(xml),
          (line) => noise.push(line),
        );
        for (let at = 0, i = 0; at < text.length; i++) {
          const size = sizes[i % sizes.length]!;
          stream.push(text.slice(at, at + size));
          at += size;
        }
        stream.end();
        expect(out.map((xml) => xml.trim())).toEqual(documents.map((xml) => xml.trim()));
        expect(noise).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('reports text that is not a document as noise, and continues', () => {
    const out: string[] = [];
    const noise: string[] = [];
    const stream = createDocumentStream(
      (xml) => out.push(xml),
      (line) => noise.push(line),
    );
    stream.push(`Unable to determine the device handle: GPU is lost.\n${documents[1]!}`);
    stream.push('NVIDIA-SMI has failed');
    stream.end();
    expect(out).toHaveLength(1);
    expect(noise).toEqual(['Unable to determine the device handle: GPU is lost.', 'NVIDIA-SMI has failed']);
  });
});
