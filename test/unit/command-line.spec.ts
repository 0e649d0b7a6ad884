import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCommandLine } from '../../app/workload/programs/command-line.ts';

/** As programs write arguments that are to be read back (the inverse of the rules). */
const quoted = (argument: string): string => `"${argument.replace(/(\\*)("|$)/g, '$1$1$2').replaceAll('"', '\\"')}"`;

describe('a command line of Windows', () => {
  // the examples of Microsoft's own page
  it.each([
    ['"abc" d e', ['abc', 'd', 'e']],
    ['a\\\\b d"e f"g h', ['a\\\\b', 'de fg', 'h']],
    ['a\\\\\\"b c d', ['a\\"b', 'c', 'd']],
    ['a\\\\\\\\"b c" d e', ['a\\\\b c', 'd', 'e']],
    ['a"b"" c d', ['ab" c d']],
    ['', []],
    ['  x\t"" ', ['x', '']],
    [
      '"C:\\AI Tools\\python.exe" -s main.py --port 8188',
      ['C:\\AI Tools\\python.exe', '-s', 'main.py', '--port', '8188'],
    ],
  ])('%s', (line, parts) => expect(splitCommandLine(line)).toEqual(parts));

  it('gives back any arguments that were put into it', () => {
    const argument = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\t', 'é', '-') });
    fc.assert(
      fc.property(fc.array(argument), (parts) => {
        expect(splitCommandLine(parts.map(quoted).join(' '))).toEqual(parts);
      }),
    );
  });
});
