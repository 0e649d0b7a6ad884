/**
 * Names of GPUs, processes, sessions and files come from outside, and so do the messages of errors about them. Shown as
 * they are they could steer a terminal, forge a line or reorder the text around them.
 *
 * Not printable: control characters (C0, DEL, C1), line and paragraph separators, controls of writing direction (UAX #9)
 * and lone surrogates.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u206F]/gu;

/** One line that can be shown anywhere: white space becomes a space, and anything else that steers the replacement sign. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (char) => (/\s/.test(char) ? ' ' : '\uFFFD'));

/** Several lines: line ends and tabs stay. */
export const printableLines = (text: string): string =>
  text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : char === '\r' ? '' : '\uFFFD'));

/** JSON that a terminal can show: the same value, with what steers written as \uXXXX. JSON itself escapes C0 alone. */
export const escapedJson = (json: string): string =>
  json.replace(UNPRINTABLE, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

export const printableJson = (value: unknown, indent?: number): string =>
  escapedJson(JSON.stringify(value, undefined, indent));
