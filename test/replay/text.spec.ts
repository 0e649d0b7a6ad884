import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../app/telemetry/replay/recording.ts';
import { decodeText } from '../../app/telemetry/smi/text.ts';
import { recordings } from '../support/shared.ts';
import { expectGolden, goldenOfText } from './golden.ts';

const texts = recordings((name) => /nvidia-smi-query\.|query-q\.txt$/.test(name));

describe.each(texts)('$name', ({ file }) => {
  const text = fs.readFileSync(file, 'utf8');

  it('is decoded as a second path reads it: each number, and each reason for none', () => {
    const decoded = decodeText(text);
    if (!decoded.ok) throw new Error(decoded.error.message);
    expectGolden(decoded.value.gpus, goldenOfText(text));
  });

  it('can be played, once and as what a loop prints', () => {
    const once = readRecording(text, 'x');
    expect(once.ok && once.value.samples).toHaveLength(1);
    const twice = readRecording(`${text}\n${text}`, 'x');
    expect(twice.ok && twice.value.samples).toHaveLength(2);
  });
});

const refusals = recordings((name) => /no-driver.*\.stdout$|nvidia-smi\.525.*\.valid$/.test(name));

it.each(refusals)('$name is refused with a sentence: it holds no readings', ({ file }) => {
  const recording = readRecording(fs.readFileSync(file, 'utf8'), 'x');
  expect(recording.ok).toBe(false);
  if (!recording.ok) expect(recording.error.message).toMatch(/\.$/);
});
