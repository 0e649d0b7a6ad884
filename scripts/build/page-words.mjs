// The words of the page in two parts: what Live shows with the first value, and the rest, which is loaded with whatever
// else is drawn. The language files stay one file per language; only the page's build divides them.
import path from 'node:path';
import { runnerImport } from 'vite';

/** Sections that Live and the frame of the window show with the first value. test/integration/page.spec.ts checks them. */
export const FIRST_SECTIONS = ['app', 'nav', 'banner', 'recorder', 'cost', 'state', 'status', 'cause', 'live', 'error'];

const LANGUAGE = /\/app\/core\/locales\/([a-z]{2}(?:-[A-Z]{2})?)\.ts$/;
const MORE = 'virtual:more-words';
const REST = '\0rest-of-words:';

const moduleOf = (words) =>
  Object.entries(words)
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
    .join('\n');

async function divided(file) {
  const { module } = await runnerImport(file, { configFile: false, logLevel: 'warn' });
  const [[name, words]] = Object.entries(module);
  const pick = (first) =>
    Object.fromEntries(Object.entries(words).filter(([section]) => FIRST_SECTIONS.includes(section) === first));
  return { name, first: pick(true), rest: pick(false) };
}

/** @returns {import('vite').Plugin} */
export function pageWords(root) {
  const folder = path.posix.join(root.replaceAll(path.sep, '/'), 'app/core/locales');
  return {
    name: 'page-words',
    enforce: 'pre',
    resolveId: (id) => (id === MORE ? `\0${MORE}` : id.startsWith(REST) ? id : undefined),
    async load(id) {
      if (id === `\0${MORE}`) {
        // one language so far; with more, the one in use is loaded
        const file = `${folder}/en.ts`;
        return `import { en } from ${JSON.stringify(file)};
let loading;
export const moreWords = () => (loading ??= import(${JSON.stringify(`${REST}${file}`)}).then(({ rest }) => void Object.assign(en, rest)));`;
      }
      if (id.startsWith(REST)) return moduleOf({ rest: (await divided(id.slice(REST.length))).rest });
      if (!LANGUAGE.test(id)) return undefined;
      const { name, first } = await divided(id);
      return moduleOf({ [name]: first });
    },
  };
}
