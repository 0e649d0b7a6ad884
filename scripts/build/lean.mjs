// V8 keeps the text of all code that was loaded as long as the process lives, and with two bytes per character where a single
// one of them is not Latin: a dash in a sentence doubles a file. A recorder runs for months.

/** Text of JavaScript in ASCII: other characters occur in strings, templates and patterns only, where an escape is the same. */
export const inAscii = (code) =>
  code.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** @returns {import('vite').Plugin} */
export const leanText = () => ({
  name: 'lean-text',
  enforce: 'post',
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle)) if (part.type === 'chunk') part.code = inAscii(part.code);
  },
});

/** Comments that only a reader needs. Licences stay. */
export const leanComments = { legal: true, annotation: false, jsdoc: false };
