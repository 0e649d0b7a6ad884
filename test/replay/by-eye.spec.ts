import fs from 'node:fs';
import { expect, it } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { valueOf } from '../../app/metrics/frame.ts';
import { decodeDocument } from '../../app/telemetry/smi/document.ts';
import { decodeText } from '../../app/telemetry/smi/text.ts';
import { recordings } from '../support/shared.ts';
import { cards } from './cards.ts';

const files = recordings(() => true);
const known = Object.keys(cards).flatMap((name) => {
  const found = files.find((candidate) => candidate.name.endsWith(name));
  return found ? [{ name, file: found.file }] : [];
});

it('are all there where the recordings are', () => {
  const own = Object.keys(cards).filter((name) => name.startsWith('own/'));
  expect([own.length, Object.keys(cards).length]).toContain(known.length);
});

it.each(known)('$name says what a person reads in it', ({ name, file }) => {
  const text = fs.readFileSync(file, 'utf8');
  const decoded = name.endsWith('.xml') ? decodeDocument(text) : decodeText(text);
  if (!decoded.ok) throw new Error(decoded.error.message);
  const { frame } = decoded.value.gpus[0]!;
  const expected = cards[name]!;
  const read = (Object.keys(expected) as MetricKey[]).map((key) => [key, valueOf(frame, key) ?? null]);
  expect(Object.fromEntries(read)).toEqual(expected);
});
