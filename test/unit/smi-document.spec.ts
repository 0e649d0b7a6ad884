import fc from 'fast-check';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../app/metrics.ts';
import { readingOf, valueOf } from '../../app/reading.ts';
import { createDocumentStream } from '../../app/telemetry/smi/document-stream.ts';
import { decodeDocument } from '../../app/telemetry/smi/document.ts';

const read = (name: string) => fs.readFileSync(`test/fixtures/nvidia-smi/${name}`, 'utf8');
const decode = (xml: string) => {
  const decoded = decodeDocument(xml);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
};

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
    expect(readingOf(frame, 'powerW').state).toBe('unsupported');
    expect(processes).toEqual([]);
  });

  it('of an old driver is decoded by its old tags', () => {
    const { frame } = decode(read('old-card.xml')).gpus[0]!;
    expect(valueOf(frame, 'powerW')).toBe(101.25);
    expect(valueOf(frame, 'powerLimitW')).toBe(110);
    expect(valueOf(frame, 'throttleReasons')).toBe(0x8);
    expect(readingOf(frame, 'tempSlowdownC')).toEqual({ state: 'value', value: 93, derived: false });
    expect(readingOf(frame, 'powerInstantW').state).toBe('unsupported');
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

  it('does not fetch or expand what its DTD names', () => {
    const xml = `<!DOCTYPE nvidia_smi_log [<!ENTITY x SYSTEM "file:///etc/passwd">]><nvidia_smi_log><gpu id="1"><product_name>&x;</product_name></gpu></nvidia_smi_log>`;
    const decoded = decodeDocument(xml);
    if (decoded.ok) expect(decoded.value.gpus[0]?.gpu.name).not.toContain('root');
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

  it('hands out what is no document as noise, and goes on', () => {
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
