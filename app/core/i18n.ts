import { createInstance, type TFunction } from 'i18next';
import { at } from './json.ts';
import { en } from './locales/en.ts';

/** The same keys with any text: what a language file holds. */
type Words<T> = { readonly [K in keyof T]: T[K] extends string ? string : Words<T[K]> };

/** Languages by their code. To add one, add a file to locales/ and a row here. */
export const languages = {
  en: { name: 'English', words: en },
} as const satisfies Record<string, { readonly name: string; readonly words: Words<typeof en> }>;
export type Language = keyof typeof languages;

declare module 'i18next' {
  // makes keys and their placeholders part of the type of every `t`
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

const resources = Object.fromEntries(
  Object.entries(languages).map(([code, { words }]) => [code, { translation: words }]),
);

/** @param language a language or locale; English replaces one that Slowburn does not have */
export function createI18n(language: string) {
  const instance = createInstance();
  void instance.init({
    lng: language,
    fallbackLng: 'en',
    resources,
    initAsync: false, // the words are in memory: `t` works on the next line
    interpolation: { escapeValue: false }, // React escapes, and report/html.ts does
  });
  return instance;
}

export type Translate = TFunction;

let languageOfProcess = (): string => 'en';
let words: object | undefined;
let translate: Translate | undefined;

/**
 * Sets the language of the errors and other sentences of this process. Each entry point calls it once.
 * @param language called when the first sentence is needed: a quiet recorder needs none and saves the memory
 */
export function setLanguage(language: () => string): void {
  languageOfProcess = language;
  words = undefined;
  translate = undefined;
}

/** The words of a language or locale; English replaces one that Slowburn does not have. */
function wordsOf(locale: string): object {
  const code = [locale, locale.split('-')[0]!].find((one): one is Language => Object.hasOwn(languages, one));
  return languages[code ?? 'en'].words;
}

/** A sentence without values. i18next is not needed for it, which saves a megabyte where help is all that is said. */
function plainText(key: string): string | undefined {
  const found = at((words ??= wordsOf(languageOfProcess())), ...key.split('.'));
  return typeof found === 'string' ? found : undefined;
}

/** A sentence in the language of this process: for errors, logs and text that is not made for one particular window. */
export const text = ((key: never, values?: never) =>
  (values === undefined ? plainText(key) : undefined) ??
  (translate ??= createI18n(languageOfProcess()).t)(key, values as never)) as Translate;
