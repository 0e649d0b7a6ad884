import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useShared } from '../context.tsx';
import { AllReadings } from '../live/all-readings.tsx';
import { cardSize, GpuCard } from '../live/gpu-card.tsx';
import { useRunningSessions } from '../live/session-line.tsx';
import { useLive, type Live } from '../live/store.ts';
import { Empty } from '../parts/panel.tsx';
import css from './live.module.css';

/** Milliseconds since the newest tick, when that is more than two intervals and a breath. */
function useSilence(live: Live, intervalMs: number): number | undefined {
  const [silentMs, setSilentMs] = useState<number>();
  useEffect(() => {
    const limitMs = 2 * intervalMs + 500;
    const look = () => {
      const age = performance.now() - live.arrivedMs;
      setSilentMs(live.tsMs !== undefined && age > limitMs ? age : undefined);
    };
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [live, intervalMs]);
  return silentMs;
}

export function LivePage() {
  const { t } = useTranslation();
  const { settings, collector } = useShared();
  const live = useLive();
  const sessions = useRunningSessions(live.gpus.length > 0);
  const silentMs = useSilence(live, settings.intervalMs);

  if (live.gpus.length === 0) {
    return collector?.error ? (
      <Empty title={t('live.failed')}>
        <p>{t('live.failedMore')}</p>
      </Empty>
    ) : (
      <Empty title={t('live.waiting')}>
        <p>{t('live.waitingMore')}</p>
      </Empty>
    );
  }
  return (
    <>
      <div className={css.grid} data-count={Math.min(live.gpus.length, 4)}>
        {live.gpus.map((gpu) => (
          <GpuCard
            key={gpu.gpu.uuid}
            gpu={gpu}
            source={live.source?.label ?? ''}
            nowMs={live.tsMs ?? 0}
            silentMs={silentMs}
            sessions={sessions}
            size={cardSize(live.gpus.length)}
          />
        ))}
      </div>
      {live.source && <AllReadings gpus={live.gpus} source={live.source} />}
    </>
  );
}
