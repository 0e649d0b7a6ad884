import { afterEach, describe, expect, it } from 'vitest';
import { createI18n, setLanguage, text } from '../../app/core/i18n.ts';

describe('the language of a process', () => {
  afterEach(() => setLanguage(() => 'en'));

  it('is asked for once, and only when a sentence is needed', () => {
    let asked = 0;
    setLanguage(() => {
      asked++;
      return 'de-AT';
    });
    expect(asked).toBe(0);
    expect(text('app.name')).toBe('Slowburn');
    expect(text('file.nameReadable')).toBe('Name a file that can be read.');
    expect(asked).toBe(1);
  });

  it.each(['en', 'en-GB', 'xx', ''])('falls back to English for %j', (language) => {
    setLanguage(() => language);
    expect(text('errno.ENOSPC')).toBe('the disk is full');
    expect(text('file.missing', { file: 'a.csv' })).toBe('There is no file a.csv.');
  });

  it('gives the same sentences as a window in that language', () => {
    const { t } = createI18n('en');
    for (const count of [0, 1, 2]) expect(text('cli.run.waiting', { count })).toBe(t('cli.run.waiting', { count }));
    expect(text('cli.refused.port')).toBe(t('cli.refused.port'));
    expect(text('file.missing', { file: '<a> & {{b}}' })).toBe('There is no file <a> & {{b}}.');
  });
});
