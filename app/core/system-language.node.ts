/**
 * The language of the system, for example de-AT. POSIX variables come first, because Intl takes 9 MB of memory when it is
 * first used, which `monitor --quiet` saves.
 */
export function systemLanguage(): string {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const posix = LC_ALL || LC_MESSAGES || LANG;
  if (posix) return posix.split('.')[0]!.replace('_', '-');
  return process.platform === 'linux' ? 'en' : Intl.DateTimeFormat().resolvedOptions().locale;
}
