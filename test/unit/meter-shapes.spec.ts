import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterFor } from '../../app/workload/meter/counter.ts';
import type { Counts } from '../../app/workload/meter/counts.ts';
import { atLeast as uncertain, exact, JSON_TYPE } from '../fixtures/meter/answers.ts';

const json = JSON.stringify;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function count(type: string, text: string, size = 7, path = ''): Counts {
  const counter = counterFor(type, path)!;
  const all = bytes(text);
  for (let i = 0; i < all.length; i += size) counter.feed(all.subarray(i, i + size));
  return counter.result();
}
describe('the tokens of an answer', () => {
  it.each(exact)('are those that the server counts: %s', (_name, type, text, counts) => {
    const got = count(type, text, 4096);
    expect(got).toMatchObject(counts);
    expect(got.atLeast).toBeUndefined();
  });

  it.each(uncertain)('are at least what was seen: %s', (_name, type, text, counts) => {
    expect(count(type, text, 65_536)).toMatchObject({ ...counts, atLeast: true });
  });

  it('do not depend on how the answer was cut', () => {
    const cases = [...exact, ...uncertain].filter(([, , text]) => text.length < 100_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (one, sizes) => {
          const [, type, text] = one;
          const counter = counterFor(type)!;
          const all = bytes(text);
          for (let from = 0, i = 0; from < all.length; i++) {
            const to = from + sizes[i % sizes.length]!;
            counter.feed(all.slice(from, to));
            from = to;
          }
          expect(counter.result()).toEqual(count(type, text, 1e6));
        },
      ),
    );
  });

  it('count a streamed image of any size, and what the same stream says after it', () => {
    const image = json({ type: 'image_generation.completed', b64_json: 'A'.repeat(3_000_000) });
    const usage = json({ usage: { input_tokens: 5, output_tokens: 4160 } });
    const text = `event: image_generation.completed\ndata: ${image}\n\ndata: ${usage}\n\n`;
    for (const size of [65_536, 1e7])
      expect(count('text/event-stream', text, size)).toMatchObject({ images: 1, tokens: 4160 });
  });

  it.each([
    ['/v1/embeddings', undefined],
    ['/api/embed', undefined],
    ['/v1/completions', true],
  ])('are missing from an answer to %s that is too large: %s', (path, atLeast) => {
    expect(count(JSON_TYPE, `[${'0,'.repeat(3_000_000)}0]`, 65_536, path).atLeast).toBe(atLeast);
  });

  it.each([
    ['/api/extra/generate/check', false],
    ['/v1/messages/count_tokens', false],
    ['/v1/messages/count_tokens?beta=true', false],
    ['/api/extra/tokencount', false],
    ['/v1/responses/resp_1', false],
    ['/v1/responses', true],
    ['/api/v1/generate', true],
    ['/v1/messages', true],
  ])('of %s are generated: %s', (path, generated) => {
    expect(counterFor(JSON_TYPE, path) !== undefined).toBe(generated);
  });

  it.each([
    ['application/json', true],
    ['text/json', true],
    ['application/vnd.api+json; charset=utf-8', true],
    ['application/jsonl', true],
    ['', true],
    ['image/png', false],
    ['text/html', false],
    ['application/octet-stream', false],
  ])('are looked for in an answer of the type "%s": %s', (type, counted) => {
    expect(counterFor(type) !== undefined).toBe(counted);
  });
});
