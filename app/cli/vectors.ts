import fs from 'node:fs';
import { checkVector, parseVectors } from '../wear/vectors.ts';
import { notes, out, printError } from './terminal.ts';
import { EXIT, unreadable } from './options.ts';

/** `slowburn vectors FILE`: evaluates test vectors with the product's own code, a line each. Exit 1 unless all pass. */
export function vectors(file: string): number {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    printError(unreadable(file, thrown));
    return EXIT.usage;
  }
  const parsed = parseVectors(text);
  if (!parsed.ok) {
    printError(parsed.error);
    return EXIT.usage;
  }
  const verdicts = parsed.value.map(checkVector);
  for (const { id, outcome, expected, got } of verdicts) {
    out.say(`${id} ${outcome}: expected ${expected} got ${got}`);
  }
  const count = (wanted: string) => verdicts.filter(({ outcome }) => outcome === wanted).length;
  notes.say(`${count('pass')} pass, ${count('FAIL')} FAIL, ${count('not built')} not built`);
  return count('pass') < verdicts.length ? EXIT.failed : EXIT.ok;
}
