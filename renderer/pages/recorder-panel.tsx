import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { WINDOW_RECORDS_AFTER_MS, type FollowedRecorder } from '../../app/contract/followed-recorder.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './settings.module.css';

/** Why settings of a recorder cannot be changed here, and where they can. */
function NotHere({ recorder: { scope } }: { readonly recorder: FollowedRecorder }) {
  const { t } = useTranslation();
  const { settingsReport } = useShared();
  const file = settingsReport?.file ?? '';
  return (
    <div className={css.preview} role="status">
      <p>{t(scope === 'system' ? 'attached.readOnly' : 'attached.otherFolder')}</p>
      <p className={css.note}>
        {t(scope === 'system' ? 'attached.readOnlyMore' : 'attached.otherFolderMore', { file })}
      </p>
    </div>
  );
}

/** Who records, and what closing the window means for it. */
export function RecorderPanel() {
  const { t } = useTranslation();
  const { collector, format } = useShared();
  const recorder = collector?.recorder;
  if (!recorder)
    return (
      <Panel title={t('attached.title')}>
        <p>{t('attached.own')}</p>
        <p className={css.note}>{t('attached.ownMore')}</p>
      </Panel>
    );
  const { scope, startedBy, pid, version, dataFolder, sinceMs, ownFolder } = recorder;
  const seconds = WINDOW_RECORDS_AFTER_MS / 1000;
  return (
    <Panel title={t('attached.title')}>
      <p>{t(`attached.by.${scope === 'system' ? 'system' : startedBy}`, { date: format.dateTime(sinceMs) })}</p>
      <p className={css.note}>
        {scope === 'system' ? t('attached.waits') : t('attached.takesOver', { seconds })}
        <br />
        {t('attached.process', { pid, version })} · {dataFolder}
      </p>
      {!ownFolder && <NotHere recorder={recorder} />}
    </Panel>
  );
}

/** Settings of the recorder. They cannot be edited while the window follows a recorder with another data folder. */
export function OfRecorder({ children }: { readonly children: ReactNode }) {
  const { collector } = useShared();
  return (
    <fieldset className={css.ofRecorder} disabled={collector?.recorder?.ownFolder === false}>
      {children}
    </fieldset>
  );
}
