import { MARKS_KEPT, type Marks } from '../outputs.ts';

/** A line longer than this is not one that a person wrote a pattern for. */
const LONGEST = 64 * 1024;

/** Counts the lines of a text that match, fed in pieces as they come. */
export function countLines(pattern: RegExp, wallMs: () => number) {
  let rest = '';
  let total = 0;
  const marks: { tsMs: number; count: number }[] = [];
  const judge = (line: string): void => {
    if (!pattern.test(line)) return;
    total++;
    if (marks.length < MARKS_KEPT) marks.push({ tsMs: wallMs(), count: 1 });
  };
  return {
    feed(text: string): void {
      // progress bars end their lines with a carriage return alone
      const lines = (rest + text).split(/\r\n|\n|\r/);
      rest = lines.pop()!.slice(-LONGEST);
      lines.forEach(judge);
    },
    end(): void {
      if (rest !== '') judge(rest);
      rest = '';
    },
    count: () => total,
    marks: (): Marks => marks,
  };
}
