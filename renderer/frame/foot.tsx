import { Suspense, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useUnread } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { liveNow, onLive, useLive, type Live } from '../live/store.ts';
import { later } from '../parts/later.tsx';
import { setText } from '../set-text.ts';
import css from './app.module.css';

const RecordedBy = later(async () => (await import('./followed.tsx')).RecordedBy);

const hasCost = ({ cost }: Live) => cost !== undefined;

/** What Slowburn itself costs. Its numbers change with every sample, so they are written without React. */
function OwnCost() {
  const { t } = useTranslation();
  const { format } = useShared();
  const costs = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let written: Live['cost'];
    const write = (): void => {
      const { cost } = liveNow();
      if (!costs.current || !cost || cost === written) return;
      written = cost;
      const { collector, application } = cost;
      const { text, unit } = format.bytes(application.memoryBytes, 2);
      const texts = [
        t('cost.cpu', { pct: format.number(application.cpuPct, 1) }),
        t('cost.memory', { amount: `${text} ${unit}` }),
        t('cost.driver', { ms: format.number(collector.readMs, 1) }),
        t('cost.kept', { count: collector.kept, text: format.number(collector.kept) }),
        t('cost.lost', { count: collector.lost, text: format.number(collector.lost) }),
      ];
      texts.forEach((line, i) => setText(costs.current?.children[i], line));
      costs.current.dataset['lost'] = String(collector.lost > 0);
    };
    write();
    return onLive(write);
  }, [t, format]);
  return (
    <div ref={costs} className={css.costs} title={t('cost.note')}>
      <span />
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}

/** The foot of the window: who records, Slowburn's own cost, and how many updates could not be read. */
export function Foot() {
  const { t } = useTranslation();
  const { collector, format } = useShared();
  const known = useLive(hasCost);
  const unread = useUnread() + (collector?.unread ?? 0);
  const recorder = collector?.state === 'running' ? collector.recorder : undefined;
  if (!known && unread === 0 && !recorder) return null;
  return (
    <footer className={css.foot}>
      {recorder && (
        <Suspense>
          <RecordedBy recorder={recorder} />
        </Suspense>
      )}
      {known && <OwnCost />}
      {unread > 0 && (
        <span role="status" className={css.unread} title={t('cost.unreadNote')}>
          {t('cost.unread', { count: unread, text: format.number(unread) })}
        </span>
      )}
    </footer>
  );
}
