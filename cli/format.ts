import { createFormatter, type Formatter } from '../app/metrics/format.ts';
import { defaultSettings, type Settings } from '../app/settings/settings.ts';

/** Numbers and times for the terminal, in the system's locale. Takes megabytes when it is first used. */
export const formatterOf = (settings: Settings = defaultSettings): Formatter =>
  createFormatter(Intl.DateTimeFormat().resolvedOptions().locale, settings);
