import fs from 'node:fs';
import { messageOf } from '../result.ts';
import { checkVector, parseVectors } from '../wear/vectors.ts';
import { printError } from './monitor.ts';
import { EXIT } from './options.ts';

/** `slowburn vectors FILE`: evaluates test vectors with the product's own code, a line each. Exit 1 on any FAIL. */
export function vectors(file: string): number {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    printError({
      message: `The vector file ${file} cannot be read: ${messageOf(thrown)}.`,
      next: 'Name a file of test vectors.',
    });
    return EXIT.usage;
  }
  const parsed = parseVectors(text);
  if (!parsed.ok) {
    printError(parsed.error);
    return EXIT.usage;
  }
  const verdicts = parsed.value.map(checkVector);
  for (const { id, outcome, expected, got } of verdicts) {
    process.stdout.write(`${id} ${outcome}: expected ${expected} got ${got}\n`);
  }
  const count = (wanted: string) => verdicts.filter(({ outcome }) => outcome === wanted).length;
  process.stderr.write(`${count('pass')} pass, ${count('FAIL')} FAIL\n`);
  return count('FAIL') > 0 ? EXIT.failed : EXIT.ok;
}
