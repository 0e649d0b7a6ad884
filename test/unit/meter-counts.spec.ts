import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterFor } from '../../app/workload/meter/counter.ts';
import type { Counts } from '../../app/workload/meter/counts.ts';
import { createSlimJson } from '../../app/workload/meter/slim-json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Feeds a text cut into pieces of a size. */
function fed<T>(feed: (piece: Uint8Array) => void, text: string, size: number, result: () => T): T {
  const all = bytes(text);
  for (let i = 0; i < all.length; i += size) feed(all.subarray(i, i + size));
  return result();
}

/** The same value with its long strings emptied. */
function slimmed(value: unknown): unknown {
  if (typeof value === 'string') return bytes(JSON.stringify(value)).length - 2 > 256 ? '' : value;
  if (Array.isArray(value)) return value.map(slimmed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [slimmed(key), slimmed(inner)]));
}

describe('slim JSON', () => {
  it('is the same value without its long strings, however it was cut', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ minLength: 200, maxLength: 600 }),
      fc.constant('\\"'.repeat(300)),
    );
    const value = fc.jsonValue({ stringUnit: 'binary' });
    fc.assert(
      fc.property(fc.array(fc.oneof(text, value)), fc.integer({ min: 1, max: 64 }), (list, size) => {
        const slim = createSlimJson();
        const left = fed(slim.feed, JSON.stringify(list), size, slim.text);
        expect(JSON.parse(left!)).toEqual(JSON.parse(JSON.stringify(list.map(slimmed))));
      }),
      { numRuns: 300 },
    );
  });

  it('holds next to nothing of a picture', () => {
    const slim = createSlimJson();
    slim.feed(bytes('{"data":[{"b64_json":"'));
    for (let i = 0; i < 200; i++) slim.feed(bytes('A'.repeat(65_536)));
    slim.feed(bytes('"}]}'));
    expect(slim.text()).toBe('{"data":[{"b64_json":""}]}');
  });

  it('gives up on an answer that is all figures', () => {
    const slim = createSlimJson();
    for (let i = 0; i < 100; i++) slim.feed(bytes('0,'.repeat(40_000)));
    expect(slim.text()).toBeUndefined();
  });
});

const count = (type: string, text: string, size = 7): Counts => {
  const counter = counterFor(type)!;
  return fed(counter.feed, text, size, counter.result);
};
const events = (...list: readonly unknown[]): string =>
  list.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
const piece = (content: string) => ({ model: 'm', choices: [{ index: 0, delta: { content } }] });

describe('what an answer contains', () => {
  it('is the usage of a completion', () => {
    const body = {
      model: 'llama',
      choices: [{ message: { content: 'x'.repeat(5000) } }],
      usage: { prompt_tokens: 9, completion_tokens: 30 },
    };
    expect(count('application/json', JSON.stringify(body))).toEqual({
      tokens: 30,
      promptTokens: 9,
      images: 0,
      model: 'llama',
    });
  });

  it('is the usage at the end of a stream, where the server gives it', () => {
    const text = events(
      piece('a'),
      piece('b'),
      { model: 'm', choices: [], usage: { prompt_tokens: 4, completion_tokens: 12 } },
      '[DONE]',
    );
    for (const size of [1, 7, 1000])
      expect(count('text/event-stream; charset=utf-8', text, size)).toEqual({
        tokens: 12,
        promptTokens: 4,
        images: 0,
        model: 'm',
      });
  });

  it('is at least the streamed pieces, where the server gives no usage', () => {
    const first = { choices: [{ delta: { role: 'assistant', content: '' } }] };
    expect(count('text/event-stream', events(first, piece('a'), piece('é'), '[DONE]'))).toMatchObject({
      tokens: 2,
      atLeast: true,
    });
  });

  it.each([
    [
      'OpenAI Responses',
      'text/event-stream',
      events({ type: 'response.completed', response: { model: 'g', usage: { input_tokens: 3, output_tokens: 8 } } }),
      8,
      3,
    ],
    [
      'Ollama',
      'application/x-ndjson',
      '{"response":"a","done":false}\n{"done":true,"prompt_eval_count":26,"eval_count":298}\n',
      298,
      26,
    ],
    ['llama.cpp', 'application/json', '{"content":"a","tokens_predicted":11,"tokens_evaluated":5}', 11, 5],
    [
      'llama.cpp (a stream without usage)',
      'text/event-stream',
      events(piece('a'), { choices: [{ delta: {} }], timings: { prompt_n: 5, predicted_n: 17 } }, '[DONE]'),
      17,
      5,
    ],
    [
      'Anthropic',
      'text/event-stream',
      events(
        { type: 'message_start', message: { model: 'c', usage: { input_tokens: 25, output_tokens: 1 } } },
        { type: 'content_block_delta', delta: { type: 'text_delta', text: 'a' } },
        { type: 'message_delta', usage: { output_tokens: 15 } },
      ),
      15,
      25,
    ],
    [
      'TGI',
      'text/event-stream',
      events({ token: { text: 'a' } }, { token: { text: 'b' }, details: { generated_tokens: 2 } }),
      2,
      0,
    ],
  ])('is read of %s’s own form', (_name, type, text, tokens, promptTokens) =>
    expect(count(type, text)).toMatchObject({ tokens, promptTokens }),
  );

  it('counts a line break and a thought as pieces', () => {
    expect(count('text/event-stream', events(piece('\n'), piece('a')))).toMatchObject({ tokens: 2, atLeast: true });
    const thinking = '{"message":{"role":"assistant","content":"","thinking":"hm"},"done":false}\n';
    expect(count('application/x-ndjson', thinking.repeat(3))).toMatchObject({ tokens: 3, atLeast: true });
  });

  it('is the number of images, by picture or by address', () => {
    const picture = 'A'.repeat(100_000);
    expect(
      count(
        'application/json',
        JSON.stringify({ created: 1, data: [{ b64_json: picture }, { b64_json: picture }] }),
        65_536,
      ).images,
    ).toBe(2);
    expect(count('application/json', JSON.stringify({ data: [{ url: 'http://127.0.0.1/a.png' }] })).images).toBe(1);
    expect(count('application/json', JSON.stringify({ images: [picture], parameters: {} }), 65_536).images).toBe(1);
    expect(
      count('application/json', JSON.stringify({ data: [{ object: 'embedding', embedding: [1, 2] }] })).images,
    ).toBe(0);
  });

  it('is nothing of what is not an answer, and never an error', () => {
    expect(counterFor('image/png')).toBeUndefined();
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom('application/json', 'text/event-stream', 'application/x-ndjson'),
        (text, type) => {
          const { tokens, images } = count(type, text, 5);
          expect(tokens + images).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});
