import { useTranslation } from 'react-i18next';
import { WINDOW_RECORDS_AFTER_MS, type FollowedRecorder } from '../../app/contract/followed-recorder.ts';
import { useShared } from '../context.tsx';
import { Banner } from '../parts/banner.tsx';
import css from './app.module.css';

/** Who records, if it is another process: the window may be closed. */
export function RecordedBy({ recorder }: { readonly recorder: FollowedRecorder }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const by = recorder.scope === 'system' ? 'system' : recorder.startedBy;
  return (
    <span className={css.recordedBy}>
      {t(`attached.by.${by}`, { date: format.dateTime(recorder.sinceMs) })}
      {recorder.may === 'read' && ` ${t('attached.readOnlyShort')}`}
    </span>
  );
}

/** That the followed recorder has ended, and what happens next. */
export function EndedBanner({ ofSystem }: { readonly ofSystem: boolean }) {
  const { t } = useTranslation();
  const seconds = WINDOW_RECORDS_AFTER_MS / 1000;
  return (
    <Banner kind="warn" title={t(ofSystem ? 'attached.waitingForSystem' : 'attached.waiting')}>
      {ofSystem ? t('attached.waitingForSystemMore') : t('attached.waitingMore', { seconds })}
    </Banner>
  );
}

/** That the followed recorder is of another version. */
export function VersionBanner({ recorder }: { readonly recorder: FollowedRecorder }) {
  const { t } = useTranslation();
  const { version, windowVersion, startedBy, scope } = recorder;
  return (
    <Banner kind="warn" title={t('attached.otherVersion', { recorder: version, window: windowVersion })}>
      {t(`attached.otherVersionNext.${startedBy === 'service' ? scope : 'other'}`)}
    </Banner>
  );
}
