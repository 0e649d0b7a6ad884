import type { LinearPattern } from '../../core/linear-pattern.ts';
import { MARKS_KEPT, type Marks } from './outputs.ts';

/** Only the beginning of a line is matched: a longer line is data, not a message. */
const MATCHED = 4096;

/** Counts the matching lines of one or more streams. A line never joins pieces of two streams. */
export function countLines(pattern: LinearPattern, wallMs: () => number) {
  let total = 0;
  let lines = 0;
  const ends: (() => void)[] = [];
  const marks: { tsMs: number; count: number }[] = [];
  function judge(line: string): void {
    lines++;
    if (!pattern.test(line)) return;
    total++;
    if (marks.length < MARKS_KEPT) marks.push({ tsMs: wallMs(), count: 1 });
  }

  return {
    /** A stream in UTF-8, in pieces that may end within a character or between the two ends of a line. */
    stream(): { readonly feed: (piece: Uint8Array) => void } {
      const decoder = new TextDecoder();
      let line = '';
      /** the last character was a carriage return, which a line feed may follow */
      let returned = false;
      /** Appends to the current line, up to the length that is matched. A long line costs no more than its own length. */
      const extend = (text: string): void => void (line += text.slice(0, MATCHED - line.length));
      const finish = (): void => {
        judge(line);
        line = '';
      };
      function read(piece: string): void {
        if (piece === '') return;
        const text = returned && piece.startsWith('\n') ? piece.slice(1) : piece;
        returned = piece.endsWith('\r');
        // progress bars end their lines with only a carriage return
        const [first, ...others] = text.split(/\r\n|\n|\r/);
        extend(first!);
        for (const other of others) {
          finish();
          extend(other);
        }
      }
      ends.push(() => {
        read(decoder.decode());
        if (line !== '') finish();
      });
      return { feed: (piece) => read(decoder.decode(piece, { stream: true })) };
    },
    /** The session has ended: what a stream printed last counts as a line, ended or not. */
    end: (): void => ends.forEach((end) => end()),
    count: () => total,
    /** lines that were printed, matching or not */
    printed: () => lines,
    marks: (): Marks => marks,
  };
}
