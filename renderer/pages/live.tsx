import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useShared } from '../context.tsx';
import { AllReadings } from '../live/all-readings.tsx';
import { cardSize, GpuCard } from '../live/gpu-card.tsx';
import { useRunningSessions } from '../live/running-sessions.ts';
import { liveNow, onLive, useLive, type Live } from '../live/store.ts';
import { Empty } from '../parts/panel.tsx';
import css from './live.module.css';

const uuidsOf = ({ gpus }: Live): string => gpus.map(({ gpu }) => gpu.uuid).join('\n');
const sourceOf = ({ source }: Live) => source;

/** The stamp of the newest tick, when it is more than two intervals and a breath old. */
function useSilence(intervalMs: number): number | undefined {
  const [sinceMs, setSinceMs] = useState<number>();
  useEffect(() => {
    const limitMs = 2 * intervalMs + 500;
    const look = (): void => {
      const { tsMs, takenMs } = liveNow();
      setSinceMs(performance.now() - takenMs > limitMs ? tsMs : undefined);
    };
    const timer = setInterval(look, 1000);
    const stop = onLive(look); // the end of the silence shows at once
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [intervalMs]);
  return sinceMs;
}

export function LivePage() {
  const { t } = useTranslation();
  const { collector, intervalMs } = useShared();
  const known = useLive(uuidsOf);
  const source = useLive(sourceOf);
  const uuids = known === '' ? [] : known.split('\n');
  const sessions = useRunningSessions(uuids.length > 0);
  const silentSinceMs = useSilence(intervalMs);

  if (uuids.length === 0) {
    return collector?.error ? (
      <Empty title={t(collector.state === 'not-shown' ? 'live.notShown' : 'live.failed')}>
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
      <div className={css.grid} data-count={Math.min(uuids.length, 4)}>
        {uuids.map((gpuUuid) => (
          <GpuCard
            key={gpuUuid}
            gpuUuid={gpuUuid}
            source={source?.label ?? ''}
            silentSinceMs={silentSinceMs}
            sessions={sessions}
            size={cardSize(uuids.length)}
          />
        ))}
      </div>
      {source && <AllReadings source={source} />}
    </>
  );
}
