import { systemLanguage } from '../app/core/i18n.ts';
import { createFormatter, type Formatter } from '../app/metrics/format.ts';
import { defaultSettings, type Settings } from '../app/settings/settings.ts';

/** Numbers and times for the terminal, in the system's locale. */
export const formatterOf = (settings: Settings = defaultSettings): Formatter =>
  createFormatter(systemLanguage(), settings);
