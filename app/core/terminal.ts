import type { Line } from './styled-line.ts';
import { escapedJson, printable, printableJson, printableLines } from './printable.ts';

/** The part of a stream that a terminal needs; process.stdout and process.stderr have it. */
export type TextStream = {
  readonly write: (text: string | Uint8Array) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** Select Graphic Rendition (ECMA-48, 8.3.117) */
const SGR = { red: 31, yellow: 33, bold: 1, faint: 2 } as const;

const UP = (lines: number): string => `\u001b[${lines}A`;
const CLEAR_BELOW = '\u001b[J';
const CLEAR_LINE = '\r\u001b[K';

/**
 * All output to a terminal goes through this. Every text is made printable; only this function writes escape sequences,
 * which move the cursor and set styles.
 * @param colour whether a terminal may show styles
 */
export function openTerminal(stream: TextStream, colour = false) {
  const coloured = colour && stream.isTTY === true;
  /** @param columns the most characters that are shown */
  function rendered(line: Line, columns?: number): string {
    if (typeof line === 'string') return printable(line).slice(0, columns);
    const plain = printable(line.text).slice(0, columns);
    return coloured ? `\u001b[${SGR[line.style]}m${plain}\u001b[0m` : plain;
  }
  let drawn = 0;
  let status = false;
  function clearStatus(): void {
    if (status) stream.write(CLEAR_LINE);
    status = false;
  }
  return {
    /** Whether the stream is a terminal, so that lines can be redrawn. */
    isLive: (): boolean => stream.isTTY === true,
    /** Width of the terminal; undefined if the stream is no terminal. */
    columns: (): number | undefined => (stream.isTTY ? stream.columns : undefined),
    /** Prints one line per text; a line end within a text becomes a space. */
    say(...lines: readonly Line[]): void {
      for (const line of lines) stream.write(`${rendered(line)}\n`);
    },
    /** Prints a text of several lines, such as help or a stack trace. */
    text: (text: string): void => void stream.write(printableLines(text)),
    /** Prints a value as JSON, for other programs. */
    json: (value: unknown, indent?: number): void => void stream.write(`${printableJson(value, indent)}\n`),
    /** Writes JSON lines: unchanged to a pipe or file; on a terminal, unprintable characters are escaped. */
    jsonLines: (content: string): void => void stream.write(stream.isTTY ? escapedJson(content) : content),
    /** Writes the content of a file: unchanged to a pipe or file; on a terminal, made printable. */
    data: (content: string | Uint8Array): void =>
      void stream.write(stream.isTTY && typeof content === 'string' ? printableLines(content) : content),
    /** Shows progress in one line that is redrawn; nothing if the stream is no terminal. */
    status(text: string): void {
      if (!stream.isTTY) return;
      stream.write(`${CLEAR_LINE}${printable(text)}`);
      status = true;
    },
    clearStatus,
    /** Replaces the lines of the previous call. Lines that do not fit are left out: they could not be replaced. */
    redraw(lines: readonly Line[]): void {
      const fitting = lines.slice(0, (stream.rows ?? Infinity) - 1).map((line) => rendered(line, stream.columns));
      stream.write(`${drawn > 0 ? UP(drawn) + CLEAR_BELOW : ''}${fitting.join('\n')}\n`);
      drawn = fitting.length;
    },
  };
}
