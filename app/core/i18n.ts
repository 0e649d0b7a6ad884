import { createInstance, type TFunction } from 'i18next';
import { en } from './locales/en.ts';

/** The same keys with any text: what a language file holds. */
type Words<T> = { readonly [K in keyof T]: T[K] extends string ? string : Words<T[K]> };

/** Languages, by their code. A further one is a file in locales/ and a row here. */
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

/** @param language a language or locale; one that is not there falls back to English */
export function createI18n(language: string) {
  const instance = createInstance();
  void instance.init({
    lng: language,
    fallbackLng: 'en',
    resources,
    initAsync: false, // resources are here: translations work on the next line
    interpolation: { escapeValue: false }, // React escapes, and report/html.ts does
  });
  return instance;
}

export type Translate = TFunction;

let process = createI18n('en');

/** Sets the language of errors and other sentences that this process makes for people. */
export function setLanguage(language: string): void {
  process = createI18n(language);
}

/** A sentence in the language of this process: for errors, logs and what is written where no person's choice is known. */
export const text = ((key: never, values: never) => process.t(key, values)) as Translate;

/** For keys that are put together from data. Avoid it: a key that does not exist shows itself to the person. */
export const loosely = (t: Translate): ((key: string, values?: Record<string, unknown>) => string) =>
  t as unknown as (key: string, values?: Record<string, unknown>) => string;
