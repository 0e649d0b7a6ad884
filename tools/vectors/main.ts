import { readInput } from '../../app/core/read-input.node.ts';
import { checkVector, parseVectors } from './vectors.ts';
import { notes, out, printError } from '../../cli/terminal.ts';
import { EXIT } from '../../cli/options.ts';

const LARGEST_BYTES = 64 * 2 ** 20;

/** `slowburn vectors FILE`: evaluates test vectors with the product's own code, a line each. Exit 1 unless all pass. */
export function vectors(file: string): number {
  const read = readInput(file, LARGEST_BYTES);
  if (!read.ok) {
    printError(read.error);
    return EXIT.usage;
  }
  const parsed = parseVectors(read.value.toString());
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
