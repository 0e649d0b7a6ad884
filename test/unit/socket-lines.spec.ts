import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromLine, toLine } from '../../app/recorder/socket/line-values.ts';
import { createLineReader } from '../../app/recorder/socket/lines.node.ts';
import { tick as tickSchema } from '../../app/telemetry/schema.ts';
import { createAllowance } from '../../app/recorder/socket/allowance.ts';
import { frameWith, tickWith } from '../support/frames.ts';

const leaf = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.constantFrom(undefined, null, true, false, -0, Number.NaN, Infinity, -Infinity),
  fc.float64Array(),
  fc.uint8Array(),
  fc.uint16Array(),
);
const key = fc.oneof(
  fc.string().filter((name) => name !== '__proto__'),
  fc.constantFrom('$', '$$', 'toJSON', 'constructor'),
);
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
  ),
}));

describe('a value on its way through a socket', () => {
  it('arrives as it was sent, also what JSON has no words for', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const line = toLine(value);
        expect(line).not.toContain('\n');
        expect(isDeepStrictEqual(fromLine(line), value)).toBe(true); // also its types, -0 and NaN
      }),
      { numRuns: 1000 },
    );
  });

  it('is a tick with all its readings, to the bit', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1, maxLength: 8 }), fc.boolean(), (powers, first) => {
        const frames = powers.map((powerW) => {
          const frame = frameWith({ coreTempC: 61.25, memTempC: 'unsupported' });
          frame.values[3] = powerW;
          return frame;
        });
        const tick = tickWith(Date.UTC(2026, 2, 1), first ? undefined : 1000, frames);
        const arrived = fromLine(toLine(tick));
        expect(isDeepStrictEqual(arrived, tick)).toBe(true);
        expect(tickSchema.safeParse(arrived).success).toBe(true);
      }),
    );
  });

  it.each([
    '{"$":["f64","AAAA"]}',
    '{"$":["f64",7]}',
    '{"$":["i8","AA=="]}',
    '{"$":["is","toString"]}',
    '{"$":["u8","not base64!"]}',
    '{"$":1}',
    '{"$":[]}',
    '{"__proto__":{"a":1}}',
    '{',
    '',
    '['.repeat(200_000),
  ])('a line that no recorder writes is refused: %.30s', (line) => {
    expect(() => fromLine(line)).toThrow();
  });
});

describe('lines of a stream', () => {
  it('are the same in whatever pieces they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string().map((text) => text.replaceAll('\n', ' '))),
        fc.array(fc.nat(40)),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const got: string[] = [];
          const read = createLineReader(
            1e6,
            (line) => got.push(line),
            () => expect.fail('not too long'),
          );
          let from = 0;
          for (const cut of [...cuts, bytes.length]) {
            read(bytes.subarray(from, from + cut));
            from += cut;
          }
          expect(got).toEqual(lines.map((line) => Buffer.from(line).toString()));
        },
      ),
    );
  });

  it('end with the first that is too long, finished or not', () => {
    for (const tail of ['', '\n']) {
      const got: string[] = [];
      let tooLong = 0;
      const read = createLineReader(
        10,
        (line) => got.push(line),
        () => tooLong++,
      );
      read(Buffer.from('0123456789\n'));
      read(Buffer.from('01234567'));
      read(Buffer.from(`890${tail}next\n`));
      read(Buffer.from('more\n'));
      expect([got, tooLong]).toEqual([['0123456789'], 1]);
    }
  });
});

it('an allowance is used up, and grows back no further than at its start', () => {
  const allowance = createAllowance(3, 2);
  const taken = (nowMs: number): number => [1, 2, 3, 4, 5].filter(() => allowance.take(nowMs)).length;
  expect([taken(0), taken(0), taken(400), taken(1000), taken(1e6)]).toEqual([3, 0, 0, 2, 3]);
});
