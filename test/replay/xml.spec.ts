import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../app/telemetry/replay/recording.ts';
import { decodeDocument } from '../../app/telemetry/smi/document.ts';
import { recordings } from '../support/shared.ts';
import { expectGolden, goldenOfXml } from './golden.ts';

const documents = recordings((name) => name.endsWith('.xml'));
const streams = recordings((name) => name.endsWith('.xmlstream'));

describe.each(documents)('$name', ({ file }) => {
  const xml = fs.readFileSync(file, 'utf8');

  it('is decoded as a second path reads it: each number, and each reason for none', () => {
    const decoded = decodeDocument(xml);
    if (!decoded.ok) throw new Error(decoded.error.message);
    expectGolden(decoded.value.gpus, goldenOfXml(xml));
  });

  it('can be played', () => {
    const recording = readRecording(xml, 'x');
    expect(recording.ok && recording.value.samples).toHaveLength(1);
  });
});

describe.each(streams)('$name', ({ file }) => {
  const text = fs.readFileSync(file, 'utf8');
  const end = '</nvidia_smi_log>';
  const parts = text.split(end).slice(0, -1);

  it('is played document by document, each as a second path reads it', () => {
    const recording = readRecording(text, 'x');
    if (!recording.ok) throw new Error(recording.error.message);
    const { samples, unreadable } = recording.value;
    expect(unreadable).toBe(0);
    expect(samples).toHaveLength(parts.length);
    parts.forEach((part, i) => {
      const golden = goldenOfXml(part + end);
      expectGolden(
        samples[i]!.gpus.map((sample) => ({ processes: [], mig: [], ...sample })),
        golden,
      );
    });
    const stamps = samples.map(({ tsMs }) => tsMs);
    expect(stamps).toEqual([...new Set(stamps)].sort((a, b) => a - b));
  });
});
