// The same rule as app/core/printable.ts, for scripts that run before anything is installed: names of cards, paths and messages of
// other programs could steer a terminal. A test keeps the two equal.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u206F]/gu;

/** A text of several lines that is safe to print. @param {string} text */
export const printableLines = (text) =>
  text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : char === '\r' ? '' : '\uFFFD'));
