import { useTranslation } from 'react-i18next';
import type { SettingsReport } from '../../app/settings/read-settings.ts';
import { settingsNotices } from '../../app/settings/report-words.ts';
import { Banner } from '../parts/banner.tsx';
import css from './app.module.css';

/** What is wrong with the file of settings, and what to do. */
export function SettingsBanners({ report }: { readonly report: SettingsReport }) {
  const { t } = useTranslation();
  return settingsNotices(report, t).map(({ title, lines, next }) => (
    <Banner key={title} kind="warn" title={title}>
      {[...lines, next].filter(Boolean).map((line) => (
        <span key={line} className={css.line}>
          {line}
        </span>
      ))}
    </Banner>
  ));
}
