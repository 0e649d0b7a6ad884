/**
 * Names of GPUs, processes, sessions and files come from outside, and so do error messages about them. Printed unchanged,
 * they could steer a terminal, forge a line or reorder the text around them.
 *
 * Not printable: control characters (C0, DEL, C1), line and paragraph separators, controls of writing direction (UAX #9)
 * and lone surrogates.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u206F]/gu;

/** Makes one line that is safe to print: white space becomes a space, other unprintable characters U+FFFD. */
export const printable = (text: string): string =>
  text.replace(UNPRINTABLE, (char) => (/\s/.test(char) ? ' ' : '\uFFFD'));

/** The same for several lines: line ends and tabs stay. */
export const printableLines = (text: string): string =>
  text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : char === '\r' ? '' : '\uFFFD'));

/** JSON that is safe to print: the same value, with unprintable characters as \uXXXX. JSON only escapes C0. */
export const escapedJson = (json: string): string =>
  json.replace(UNPRINTABLE, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A value as JSON that is safe to print. */
export const printableJson = (value: unknown, indent?: number): string =>
  escapedJson(JSON.stringify(value, undefined, indent));
