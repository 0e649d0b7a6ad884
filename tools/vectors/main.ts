import fs from 'node:fs';
import { messageOf } from '../../app/core/result.ts';
import { checkVector, parseVectors } from './vectors.ts';

/**
 * `npm run vectors -- FILE`: evaluates test vectors with the product's own code and prints a line per vector.
 * @returns 0: all pass; 1: some do not; 2: the file cannot be used
 */
export function vectors(file: string | undefined, out: (line: string) => void, error: (line: string) => void): number {
  if (file === undefined) {
    error('Name the file of test vectors: npm run vectors -- FILE');
    return 2;
  }
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    const missing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    error(missing ? `There is no file ${file}.` : `${file} cannot be read: ${messageOf(thrown)}.`);
    return 2;
  }
  const parsed = parseVectors(text);
  if (!parsed.ok) {
    error([parsed.error.message, parsed.error.next].filter(Boolean).join('\n'));
    return 2;
  }
  const counts = { pass: 0, FAIL: 0, 'not built': 0 };
  for (const vector of parsed.value) {
    const { id, outcome, expected, got } = checkVector(vector);
    counts[outcome]++;
    out(`${id} ${outcome}: expected ${expected} got ${got}`);
  }
  error(`${counts.pass} pass, ${counts.FAIL} FAIL, ${counts['not built']} not built`);
  return counts.pass < parsed.value.length ? 1 : 0;
}
