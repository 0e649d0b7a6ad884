import fc from 'fast-check';
import { it } from 'vitest';

const RUNS = 500;
/** Fixed in `npm test`, so that it tests the same each time; `npm run fuzz` draws others. */
const seed = Number(process.env['SLOWBURN_FUZZ_SEED'] ?? 20_261_129);
const numRuns = Number(process.env['SLOWBURN_FUZZ_RUNS'] ?? RUNS);
const HOUR_MS = 3_600_000;

/**
 * A test over random inputs. A failure names the command that repeats it.
 * @param prepare what the test needs once: its inputs, and what must hold for each
 */
export function fuzz<T>(
  name: string,
  prepare: () => readonly [inputs: fc.Arbitrary<T>, check: (input: T) => void | Promise<void>],
): void {
  const run = async (): Promise<void> => {
    const [inputs, check] = prepare();
    try {
      await fc.assert(
        fc.asyncProperty(inputs, async (input) => check(input)),
        { seed, numRuns },
      );
    } catch (thrown) {
      const runs = numRuns === RUNS ? '' : ` --runs ${numRuns}`;
      throw new Error(`Repeat it with: npm run fuzz -- --seed ${seed}${runs} --only "${name}"`, { cause: thrown });
    }
  };
  it(name, run, HOUR_MS);
}

// evenly spread: most other arbitraries prefer the ends, and would change the first bytes alone
const share = fc.noBias(fc.nat(999_999)).map((millionths) => millionths / 1e6);

const byteDamage = fc.record({
  kind: fc.constantFrom('flip', 'flip', 'flip', 'drop', 'repeat', 'insert', 'zero', 'cut'),
  at: share,
  length: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.nat(4000)),
  bit: fc.nat(7),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
});

/** Bytes after a few changes. */
export const damagedBytes = (whole: Buffer): fc.Arbitrary<Buffer> =>
  fc.array(byteDamage, { minLength: 1, maxLength: 4 }).map((damages) =>
    damages.reduce((bytes, { kind, at, length, bit, bytes: put }) => {
      const from = Math.floor(at * bytes.length);
      const [before, span, after] = [
        bytes.subarray(0, from),
        bytes.subarray(from, from + length),
        bytes.subarray(from + length),
      ];
      switch (kind) {
        case 'flip': {
          const flipped = Buffer.from(bytes);
          if (from < flipped.length) flipped[from]! ^= 1 << bit;
          return flipped;
        }
        case 'drop':
          return Buffer.concat([before, after]);
        case 'repeat':
          return Buffer.concat([before, span, span, after]);
        case 'insert':
          return Buffer.concat([before, put, span, after]);
        case 'zero':
          return Buffer.concat([before, Buffer.alloc(span.length), after]);
        default:
          return before;
      }
    }, whole),
  );

const words = [
  ...[
    'NaN',
    'Infinity',
    '-1',
    '1e309',
    '9'.repeat(400),
    'null',
    'undefined',
    'true',
    '[]',
    '{}',
    '""',
    '"',
    ',',
    ':',
    ';',
  ],
  ...[
    '__proto__',
    'constructor',
    '\0',
    '\u001b[2J',
    '\u202e',
    '\ufeff',
    '\ud800',
    '\n',
    '\r',
    '\r\n',
    '  ',
    '..',
    '/dev/zero',
  ],
] as const;

/** Text whose words, lines and characters were changed in a few places. */
export const damagedText = (whole: string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.record({
        kind: fc.constantFrom('word', 'word', 'insert', 'drop', 'line', 'swap', 'cut'),
        at: share,
        to: share,
        length: fc.nat(40),
        text: fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 12 })),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((damages) =>
      damages.reduce((text, { kind, at, to, length, text: put }) => {
        const from = Math.floor(at * text.length);
        const lines = text.split('\n');
        const [i, k] = [Math.floor(at * lines.length), Math.floor(to * lines.length)];
        switch (kind) {
          case 'word': {
            const [word = ''] = /[^\s,:;"{}[\]<>=]+/.exec(text.slice(from)) ?? [];
            const start = text.indexOf(word, from);
            return text.slice(0, start) + put + text.slice(start + word.length);
          }
          case 'insert':
            return text.slice(0, from) + put + text.slice(from);
          case 'drop':
            return text.slice(0, from) + text.slice(from + length);
          case 'line':
            return lines.toSpliced(i, length % 2, ...(length % 3 === 0 ? [put] : [])).join('\n');
          case 'swap':
            return lines.with(i, lines[k]!).with(k, lines[i]!).join('\n');
          default:
            return text.slice(0, from);
        }
      }, whole),
    );
