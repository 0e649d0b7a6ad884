import fs from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { messageOf } from '../../app/core/result.ts';
import { checkVector, readVectors } from './vectors.ts';

const PIECE_BYTES = 1 << 20;

/** The text of a file in pieces. No size is refused: a piece is all that is in memory. */
function* piecesOf(file: string): Generator<string> {
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(PIECE_BYTES);
  const opened = fs.openSync(file, 'r');
  try {
    for (let read = 0; (read = fs.readSync(opened, buffer)) > 0;) yield decoder.write(buffer.subarray(0, read));
    yield decoder.end();
  } finally {
    fs.closeSync(opened);
  }
}

/**
 * `npm run vectors -- FILE`: evaluates test vectors with the product's own code and prints one line per vector.
 * @returns 0: all pass; 1: some do not; 2: the file cannot be used
 */
export function vectors(file: string | undefined, out: (line: string) => void, error: (line: string) => void): number {
  if (file === undefined) {
    error('Name the file of test vectors: npm run vectors -- FILE');
    return 2;
  }
  const counts = { pass: 0, FAIL: 0, 'not built': 0 };
  let read: ReturnType<typeof readVectors>;
  try {
    read = readVectors(piecesOf(file), (vector) => {
      const { id, outcome, expected, got } = checkVector(vector);
      counts[outcome]++;
      out(`${id} ${outcome}: expected ${expected} got ${got}`);
    });
  } catch (thrown) {
    const missing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    error(missing ? `There is no file ${file}.` : `${file} cannot be read: ${messageOf(thrown)}.`);
    return 2;
  }
  if (!read.ok) {
    error([read.error.message, read.error.next].filter(Boolean).join('\n'));
    return 2;
  }
  error(`${counts.pass} pass, ${counts.FAIL} FAIL, ${counts['not built']} not built`);
  return counts.pass < read.value ? 1 : 0;
}
