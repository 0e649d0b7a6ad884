import { useTranslation } from 'react-i18next';
import type { CollectorStatus } from '../../app/contract/channels.ts';
import { useShared } from '../context.tsx';
import { useLive, type Live } from '../live/store.ts';
import css from './app.module.css';

const sourceLabel = ({ source }: Live) => source?.label;
const hasFault = ({ fault }: Live) => fault !== undefined;

const CALM: readonly CollectorStatus['state'][] = ['starting', 'running', 'stopped'];

/** Whether Slowburn is recording, how often, and from which source. */
export function RecorderState() {
  const { t } = useTranslation();
  const { collector, intervalMs, format } = useShared();
  const label = useLive(sourceLabel);
  const faulty = useLive(hasFault);
  const state = collector?.state ?? 'starting';
  const trouble = faulty || !CALM.includes(state);
  const seconds = format.number(intervalMs / 1000, intervalMs < 1000 ? 1 : 0);
  return (
    <div className={css.recorder} role="status">
      <span className={css.lamp} data-on={trouble ? 'trouble' : state === 'running'} />
      <span>{t(`recorder.${state}`)}</span>
      {state === 'running' && <span>· {t('recorder.interval', { seconds })}</span>}
      {label !== undefined && <span>· {label}</span>}
    </div>
  );
}
