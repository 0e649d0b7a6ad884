import { createInstance, type i18n, type TFunction } from 'i18next';
import en from './locales/en.json' with { type: 'json' };
import { metrics } from '../metrics/metrics.ts';

/**
 * The words of Slowburn. Metric labels come from the catalogue; everything else from locales/<language>.json. A new
 * language is one more file here.
 */
const metricLabels = Object.fromEntries(metrics.map(({ key, label }) => [key, label]));
const resources = { en: { translation: { ...en, metric: metricLabels } } };

/** A language that is not there falls back to English. */
export function createI18n(language: string): i18n {
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
