import { escapedJson, printable, printableJson, printableLines } from './printable.ts';

/** What a terminal needs of a stream: process.stdout, process.stderr. */
export type TextStream = {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

const UP = (lines: number): string => `\u001b[${lines}A`;
const CLEAR_BELOW = '\u001b[J';
const CLEAR_LINE = '\r\u001b[K';

/**
 * The only way to a terminal. Every text is made printable; the escape sequences that move the cursor are written here
 * and nowhere else.
 */
export function openTerminal(stream: TextStream) {
  let drawn = 0;
  let status = false;
  function clearStatus(): void {
    if (status) stream.write(CLEAR_LINE);
    status = false;
  }
  return {
    /** A person may be looking: something can be drawn over. */
    isLive: (): boolean => stream.isTTY === true,
    /** Each text is a line: a line end within one is shown as a space. */
    say(...lines: readonly string[]): void {
      for (const line of lines) stream.write(`${printable(line)}\n`);
    },
    /** A text of several lines that others laid out, such as help or the trace of an error. */
    text: (text: string): void => void stream.write(printableLines(text)),
    /** For other programs. */
    json: (value: unknown, indent?: number): void => void stream.write(`${printableJson(value, indent)}\n`),
    /** A file of JSON lines: to the byte into a pipe or a file; on a terminal what steers is escaped, which means the same. */
    jsonLines: (content: string): void => void stream.write(stream.isTTY ? escapedJson(content) : content),
    /** One line that is drawn over itself while something lasts. */
    status(text: string): void {
      if (!stream.isTTY) return;
      stream.write(`${CLEAR_LINE}${printable(text)}`);
      status = true;
    },
    clearStatus,
    /** Lines that are drawn over those of the call before. What does not fit is left out: it could not be drawn over. */
    redraw(lines: readonly string[]): void {
      const fitting = lines
        .slice(0, (stream.rows ?? Infinity) - 1)
        .map((line) => printable(line).slice(0, stream.columns));
      stream.write(`${drawn > 0 ? UP(drawn) + CLEAR_BELOW : ''}${fitting.join('\n')}\n`);
      drawn = fitting.length;
    },
  };
}

export type Terminal = ReturnType<typeof openTerminal>;
