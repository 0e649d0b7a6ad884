import { useTranslation } from 'react-i18next';
import { useShared } from '../context.tsx';
import { useLive, type Live } from '../live/store.ts';
import css from './app.module.css';

const sourceLabel = ({ source }: Live) => source?.label;
const hasFault = ({ fault }: Live) => fault !== undefined;

/** Whether Slowburn is recording, how often, and from which source. */
export function RecorderState() {
  const { t } = useTranslation();
  const { settings, collector, format } = useShared();
  const label = useLive(sourceLabel);
  const faulty = useLive(hasFault);
  const state = collector?.state ?? 'starting';
  const trouble = faulty || state === 'failed' || state === 'silent' || state === 'restarting';
  const seconds = format.number(settings.intervalMs / 1000, settings.intervalMs < 1000 ? 1 : 0);
  return (
    <div className={css.recorder} role="status">
      <span className={css.lamp} data-on={trouble ? 'trouble' : state === 'running'} />
      <span>{t(`recorder.${state}`)}</span>
      {state === 'running' && <span>· {t('recorder.interval', { seconds })}</span>}
      {label !== undefined && <span>· {label}</span>}
    </div>
  );
}
