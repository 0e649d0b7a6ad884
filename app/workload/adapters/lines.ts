import type { LinearPattern } from '../../core/linear-pattern.ts';
import { MARKS_KEPT, type Marks } from './outputs.ts';

/** Only the beginning of a line is matched: a longer line is data, not a message. */
const MATCHED = 4096;

/** Counts the matching lines of a text that arrives in pieces. */
export function countLines(pattern: LinearPattern, wallMs: () => number) {
  let rest = '';
  let total = 0;
  const marks: { tsMs: number; count: number }[] = [];
  /** Appends to the current line, up to the length that is matched. A long line costs no more than its own length. */
  const extend = (text: string): void => void (rest += text.slice(0, MATCHED - rest.length));
  function judge(): void {
    const line = rest;
    rest = '';
    if (!pattern.test(line)) return;
    total++;
    if (marks.length < MARKS_KEPT) marks.push({ tsMs: wallMs(), count: 1 });
  }
  return {
    feed(text: string): void {
      // progress bars end their lines with only a carriage return
      const [first, ...others] = text.split(/\r\n|\n|\r/);
      extend(first!);
      for (const line of others) {
        judge();
        extend(line);
      }
    },
    end(): void {
      if (rest !== '') judge();
    },
    count: () => total,
    marks: (): Marks => marks,
  };
}
