import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkVector, parseVectors } from '../../app/wear/vectors.ts';
import { vectorFiles } from '../support/shared.ts';

const load = (file: string) => {
  const parsed = parseVectors(fs.readFileSync(file, 'utf8'));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};

describe.each(vectorFiles())('the vectors of $name', ({ file }) => {
  it.each(load(file).map((vector) => [vector.id, vector] as const))('%s is reproduced', (_, vector) => {
    expect(checkVector(vector)).toMatchObject({ outcome: 'pass' });
  });
});

describe('a vector', () => {
  const [own] = load('test/fixtures/vectors/own.json');

  it('fails when the expected number is another', () => {
    const wrong = { ...own!, expected: { relative_rate: { value: 1.001 } } };
    expect(checkVector(wrong)).toMatchObject({ outcome: 'FAIL' });
  });

  it('fails when it asks for an output that is not computed, or lacks an input', () => {
    expect(checkVector({ ...own!, expected: { nothing: { value: 1 } } }).outcome).toBe('FAIL');
    expect(checkVector({ ...own!, expected: { constructor: { value: 1 } } }).outcome).toBe('FAIL');
    expect(checkVector({ ...own!, inputs: {} }).outcome).toBe('FAIL');
  });

  it('fails when no code evaluates its mechanism', () => {
    for (const mechanism of ['constructor', 'a mechanism from the future']) {
      expect(checkVector({ ...own!, mechanism })).toMatchObject({ outcome: 'FAIL', got: `no code for ${mechanism}` });
    }
  });
});
