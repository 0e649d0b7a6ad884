import fc from 'fast-check';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32, createByteReader, createByteWriter } from '../../app/history/codec/bytes.ts';
import { readColumn, writeColumn } from '../../app/history/codec/column.ts';
import { packer } from '../../app/history/codec/packer.node.ts';
import {
  decodeSamples,
  encodeSamples,
  openSamples,
  readingCode,
  type SampleColumns,
} from '../../app/history/codec/sample-chunk.ts';

const roundTrip = (values: readonly number[]): Float64Array => {
  const out = createByteWriter();
  writeColumn(out, Float64Array.from(values));
  return readColumn(createByteReader(out.take()), values.length);
};
/** Equal to the bit: −0 is not 0, and one NaN is like another. */
const bits = (values: ArrayLike<number>): string[] =>
  Array.from(values, (value) => (Object.is(value, -0) ? '-0' : String(value)));

const wholes = fc.array(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }), fc.nat(4)), {
  maxLength: 300,
});
const doubles = fc.array(fc.double(), { maxLength: 100 });
const steps = fc
  .tuple(fc.integer(), fc.array(fc.integer({ min: -2000, max: 2000 }), { maxLength: 300 }), fc.nat(1000))
  .map(([start, list, unit]) =>
    list.reduce<number[]>((all, step) => [...all, (all.at(-1) ?? start) + step * unit], []),
  );
const runs = fc
  .array(fc.tuple(fc.integer(), fc.integer({ min: 1, max: 60 })), { maxLength: 12 })
  .map((list) => list.flatMap(([value, length]) => Array.from({ length }, () => value)));

describe('a check sum', () => {
  it('is the one of gzip and PNG', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(crc32(bytes)).toBe(zlib.gzipSync(bytes).readUInt32LE(zlib.gzipSync(bytes).length - 8));
      }),
    );
  });
});

describe('a sealed column', () => {
  it.each([
    ['whole numbers of any size', wholes],
    ['any doubles', doubles],
    ['levels that move in steps', steps],
    ['long runs', runs],
  ] as const)('comes back to the bit: %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (values) => {
        expect(bits(roundTrip(values))).toEqual(bits(values));
      }),
      { numRuns: 400 },
    );
  });

  it('comes back at the edges of what is exact', () => {
    for (const values of [
      [2 ** 50, -(2 ** 50), 2 ** 50, 0],
      [2 ** 50 + 1, 0],
      [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
      [0, -0, Number.NaN, Infinity, -Infinity, 5e-324],
      [2 ** 32 - 1, 0, 2 ** 32, 2 ** 31, 1],
      [],
      [7],
    ]) {
      expect(bits(roundTrip(values))).toEqual(bits(values));
    }
  });
});

const reading = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      state: fc.constant(1),
      derived: fc.nat(1),
      reason: fc.constant(0),
      value: fc.integer({ min: -400, max: 4000 }).map((n) => n / 10),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      state: fc.constant(1),
      derived: fc.nat(1),
      reason: fc.constant(0),
      value: fc.double({ noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      state: fc.constantFrom(0, 2, 3, 4, 5, 6, 7, 8),
      derived: fc.constant(0),
      reason: fc.nat(65_535),
      value: fc.constant(Number.NaN),
    }),
  },
);

const chunkOf = (n: number): fc.Arbitrary<SampleColumns> =>
  fc
    .tuple(
      fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: n, maxLength: n }),
      fc.array(fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 10_000 }), fc.double({ noNaN: true })), {
        minLength: n,
        maxLength: n,
      }),
      fc
        .uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 6 })
        .chain((ids) =>
          fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.array(reading, { minLength: n, maxLength: n })))),
        ),
    )
    .map(([jitter, dt, list]) => ({
      seq: Float64Array.from({ length: n }, (_, i) => 1000 + 3 * i),
      tsMs: Float64Array.from(jitter, (ms, i) => 1.7e12 + 1000 * i + ms),
      dtMs: Float64Array.from(dt),
      metrics: new Map(
        list.map(([id, readings]) => [
          id,
          {
            codes: Float64Array.from(readings, ({ state, derived, reason }) => readingCode(state, derived, reason)),
            values: Float64Array.from(readings, ({ value }) => value),
          },
        ]),
      ),
    }));

describe('a sealed chunk', () => {
  it('gives back every stamp, value, state, derived flag and reason', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }).chain(chunkOf), (columns) => {
        const back = decodeSamples(encodeSamples(columns, packer), packer);
        expect(bits(back.seq)).toEqual(bits(columns.seq));
        expect(bits(back.tsMs)).toEqual(bits(columns.tsMs));
        expect(bits(back.dtMs)).toEqual(bits(columns.dtMs));
        for (const [id, { codes, values }] of columns.metrics) {
          const column = back.metrics.get(id);
          if (!column) expect(codes.every((code) => code === 0)).toBe(true);
          else {
            expect(bits(column.codes)).toEqual(bits(codes));
            expect(bits(column.values)).toEqual(bits(values));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is recognised as damaged when one of its bytes was changed', () => {
    const n = 400;
    const columns: SampleColumns = {
      seq: Float64Array.from({ length: n }, (_, i) => i),
      tsMs: Float64Array.from({ length: n }, (_, i) => 1.7e12 + 1000 * i),
      dtMs: new Float64Array(n).fill(1000),
      metrics: new Map([
        [
          8,
          {
            codes: new Float64Array(n).fill(1),
            values: Float64Array.from({ length: n }, (_, i) => ((i * 7919) % 1000) / 1000),
          },
        ],
      ]),
    };
    const bytes = encodeSamples(columns, packer);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at]! ^= change;
        // either it says so, or the bytes did not matter; it never gives other numbers
        try {
          const chunk = openSamples(damaged, packer);
          expect(bits(chunk.stamps().tsMs)).toEqual(bits(columns.tsMs));
          expect(bits(chunk.metric(8)!.values)).toEqual(bits(columns.metrics.get(8)!.values));
        } catch (thrown) {
          expect((thrown as Error).message).toMatch(/damaged|runtime cannot read/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
