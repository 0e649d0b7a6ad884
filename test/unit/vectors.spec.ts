import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { splitList } from '../../tools/vectors/split.ts';
import { checkVector, parseVectors, readVectors, type Vector } from '../../tools/vectors/vectors.ts';
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
      expect(checkVector({ ...own!, mechanism })).toMatchObject({
        outcome: 'not built',
        got: `no code for ${mechanism}`,
      });
    }
  });

  const vector = (mechanism: string, inputs: Record<string, unknown>, expected: Record<string, unknown>): Vector => ({
    id: 'X',
    mechanism,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, { value }])),
    expected: Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, { value }])),
    tolerance: { type: 'rel', value: 1e-9 },
  });

  it('is computed from its own numbers, not from the model’s', () => {
    const profile = [
      [10, 80],
      [14, 40],
    ];
    const k = 8.617333262e-5;
    const rate = (ea: number): number =>
      profile.reduce((sum, [h, c]) => sum + (h! / 24) * Math.exp((ea / k) * (1 / 333.15 - 1 / (c! + 273.15))), 0);
    const silicon = { profile, T_ref: 60, Ea_low_mid_high: [0.4, 0.6, 0.8] };
    expect(checkVector(vector('model_silicon_rate', silicon, { rate_mid: rate(0.6) })).outcome).toBe('pass');
    const day = { series: [30, 70, 30], duration: 24, dT_ref: 20, Tmax_ref: 40, gate: 3, sets: [['A', 2, 0.5, 1000]] };
    const cycles = 4 * Math.exp(1000 * (1 / 313.15 - 1 / 343.15));
    const solder = { reference_cycles: [cycles], relative_rate: cycles / 2 };
    expect(checkVector(vector('model_solder_day', day, solder)).outcome).toBe('pass');
  });

  it('may write one value plainly or as a list of one, and a temperature in K', () => {
    for (const relative_rate of [1.9937155, [1.9937155]]) {
      const [hot, cold] = [vector('arrhenius', { Ea: [0.7], T: 348.15 }, { relative_rate }), { T_ref: { value: 65 } }];
      const inputs = { ...hot.inputs, ...cold, T: { value: 348.15, unit: 'K' } };
      expect(checkVector({ ...hot, inputs, tolerance: { type: 'rel', value: 1e-6 } }).outcome).toBe('pass');
    }
  });

  it('names what it asks for that is not computed, and a tolerance that is not known', () => {
    expect(checkVector({ ...own!, expected: { nothing: { value: 1 } } }).got).toContain('no code for nothing');
    expect(checkVector({ ...own!, expected: {} }).outcome).toBe('FAIL');
    expect(checkVector({ ...own!, tolerance: { type: 'sigma', value: 3 } }).got).toContain('sigma');
  });
});

describe('a file of vectors', () => {
  it.each([
    ['', 'is not JSON'],
    ['{', 'is not JSON'],
    ['[]', 'another form: the whole'],
    ['{"vectors":[]}', 'holds no vector'],
    ['{"vectors":[{"id":"A"}]}', 'another form, vector 1: mechanism'],
    [
      JSON.stringify({ vectors: load('test/fixtures/vectors/own.json'), counts: { total: 999 } }),
      'says that it holds 999',
    ],
  ])('%s is refused with a sentence', (text, sentence) => {
    const parsed = parseVectors(text);
    expect(parsed.ok ? '' : parsed.error.message).toContain(sentence);
  });

  it('is read piece by piece, so that no size is refused: any cut gives the same vectors', () => {
    const text = fs.readFileSync('test/fixtures/vectors/own.json', 'utf8');
    const whole = load('test/fixtures/vectors/own.json');
    for (const length of [1, 7, 64]) {
      const vectors: Vector[] = [];
      const pieces = text.match(new RegExp(`[\\s\\S]{1,${length}}`, 'g'))!;
      expect(readVectors(pieces, (one) => vectors.push(one))).toEqual({ ok: true, value: whole.length });
      expect(vectors).toEqual(whole);
    }
  });

  it('is split only at the outermost list, whatever its texts contain', () => {
    const elements: unknown[] = [];
    const document = {
      a: 'vectors',
      b: { vectors: [{ c: 1 }] },
      vectors: [{ d: '"]}\\' }, { e: [{ f: [] }] }],
      g: [{}],
    };
    const splitter = splitList('vectors', (json) => elements.push(JSON.parse(json)));
    splitter.feed(JSON.stringify(document, null, 1));
    expect(elements).toEqual(document.vectors);
    expect(JSON.parse(splitter.outline())).toEqual({ ...document, vectors: [] });
  });
});
