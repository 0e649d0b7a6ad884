import { memo, Suspense, useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Translate } from '../../app/core/i18n.ts';
import { metricOf, type MetricKey } from '../../app/metrics/metrics.ts';
import { reasonsIn } from '../../app/metrics/throttle-reasons.ts';
import { useShared } from '../context.tsx';
import { later } from '../parts/later.tsx';
import { Value } from '../parts/value.tsx';
import { Arc } from './arc.tsx';
import { CardRow } from './card-row.tsx';
import css from './gpu-card.module.css';
import { latestOf, sameReadings, valueIn } from './readings.ts';
import type { RunningSession } from './store.ts';
import { stripMetrics, useLive, type Live, type LiveGpu } from './store.ts';

// drawn after the first value: the charts come with a library, the line with its words
const CardStrip = later(async () => (await import('./card-strip.tsx')).CardStrip);
const SessionLine = later(async () => (await import('./session-line.tsx')).SessionLine);

/** One card opens wide, a few are side by side, many stay readable on one screen. */
export type CardSize = 'wide' | 'medium' | 'small';
export const cardSize = (gpus: number): CardSize => (gpus === 1 ? 'wide' : gpus <= 3 ? 'medium' : 'small');

/** How many strips a card has room for, and their height. */
const strips = { wide: { count: 3, height: 72 }, medium: { count: 2, height: 56 }, small: { count: 1, height: 34 } };

type Props = {
  readonly gpuUuid: string;
  readonly source: string;
  /** when the last reading arrived, where that is too long ago */
  readonly silentSinceMs: number | undefined;
  readonly size: CardSize;
  /** all that are running, on any card */
  readonly sessions: readonly RunningSession[];
};

/** What a card shows of its GPU. */
const shown = [
  ...['coreTempC', 'tempTargetC', 'tempSlowdownC', 'tempShutdownC', 'memTempC', 'throttleReasons'],
  ...['powerW', 'powerLimitW', 'gpuUtilPct', 'vramUsedBytes', 'vramTotalBytes', 'fanPct'],
  ...['graphicsClockMhz', 'memClockMhz'],
] as const satisfies readonly MetricKey[];

const isSame = (a: LiveGpu | undefined, b: LiveGpu | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.gpu === b.gpu &&
    a.status === b.status &&
    sameReadings(shown, a.readings, b.readings));

/** The words of every drawing: looked up once, and not with every tick. */
const wordsOf = (t: Translate) => ({
  power: t('live.power'),
  load: t('live.load'),
  vram: t('live.vram'),
  fan: t('live.fan'),
  fanNote: t('live.fanNote'),
});

/** One GPU at a glance: temperature, load, what throttles it, and the last minutes. */
export const GpuCard = memo(function GpuCard({ gpuUuid, ...props }: Props) {
  const select = useCallback(({ gpus }: Live) => gpus.find(({ gpu }) => gpu.uuid === gpuUuid), [gpuUuid]);
  const gpu = useLive(select, isSame);
  return gpu && <Card live={gpu} {...props} />;
});

function Card({ live, source, silentSinceMs, size, sessions }: Omit<Props, 'gpuUuid'> & { readonly live: LiveGpu }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { gpu, readings, status } = live;
  const words = useMemo(() => wordsOf(t), [t]);
  const value = (key: MetricKey) => (
    <Value latest={latestOf(readings, key)} show={(of) => format.metric(metricOf(key), of)} source={source} />
  );
  const row = (label: string, metric: MetricKey, limit?: MetricKey, note?: string) => (
    <CardRow
      label={label}
      metric={metric}
      latest={latestOf(readings, metric)}
      source={source}
      {...(limit && { limit: { metric: limit, latest: latestOf(readings, limit) } })}
      {...(note !== undefined && { note })}
    />
  );
  const { marginK } = status;
  const margin =
    marginK === undefined
      ? ''
      : t(marginK >= 0 ? 'status.margin' : 'status.over', {
          margin: `${format.kelvins(Math.abs(marginK)).text} ${format.kelvins(marginK).unit}`,
        });
  const reasons = valueIn(readings, 'throttleReasons');
  const causes =
    reasons === undefined
      ? undefined
      : [...new Set(reasonsIn(reasons).map(({ cause }) => cause))].filter((cause) => cause !== 'idle');
  const wide = size === 'wide';
  const here = sessions.filter(({ gpus }) => gpus.includes(gpu.uuid));
  const session = here.length > 0 && (
    // one for each set of sessions: figures of those before are not shown with these
    <Suspense key={here.map(({ id }) => id).join()}>
      <SessionLine sessions={here} gpuName={gpu.name} />
    </Suspense>
  );

  return (
    <article
      className={css.card}
      data-size={size}
      data-silent={silentSinceMs !== undefined}
      data-gone={status.key === 'lost'}
      aria-label={gpu.name}
    >
      <header className={css.header}>
        <h2 className={css.name}>{gpu.name}</h2>
        <span className={css.bus} title={gpu.uuid}>
          {gpu.pciBusId.replace(/^0000(0000)?:/, '')}
        </span>
      </header>

      <div className={css.gauge}>
        <Arc readings={readings} format={format} compact={size === 'small'} />
      </div>

      <div className={css.state}>
        <p className={css.sentence} data-level={status.level}>
          <span aria-hidden className={css.sign} />
          {silentSinceMs === undefined
            ? [t(`status.${status.key}`), margin].filter(Boolean).join(' · ')
            : t('state.stale', { time: format.time(silentSinceMs) })}
        </p>
        {!wide && session}
      </div>

      <dl className={css.readings}>
        {row(words.power, 'powerW', 'powerLimitW')}
        {row(words.load, 'gpuUtilPct')}
        {row(words.vram, 'vramUsedBytes', 'vramTotalBytes')}
        {row(words.fan, 'fanPct', undefined, words.fanNote)}
        {wide && (
          <>
            <div>
              <dt>{t('live.clocks')}</dt>
              <dd>
                {value('graphicsClockMhz')} <span className={css.limit}>{t('live.graphics')}</span>
                <br />
                {value('memClockMhz')} <span className={css.limit}>{t('live.memory')}</span>
              </dd>
            </div>
            <div>
              <dt>{t('live.memTemp')}</dt>
              <dd>{value('memTempC')}</dd>
            </div>
            <div>
              <dt>{t('live.throttledBy')}</dt>
              <dd>
                {causes === undefined
                  ? value('throttleReasons')
                  : causes.length === 0
                    ? t('live.notThrottled')
                    : causes.map((cause) => t(`cause.${cause}`)).join(', ')}
              </dd>
            </div>
            {session && (
              <div className={css.session}>
                <dt>{t('live.session')}</dt>
                <dd>{session}</dd>
              </div>
            )}
          </>
        )}
      </dl>

      <div className={css.strips}>
        {stripMetrics.slice(0, strips[size].count).map((metric) => (
          <Suspense key={metric} fallback={<div style={{ height: strips[size].height }} />}>
            <CardStrip
              gpuUuid={gpu.uuid}
              metric={metric}
              height={strips[size].height}
              named={size !== 'small'}
              high={metric === 'powerW' ? valueIn(readings, 'powerLimitW') : undefined}
            />
          </Suspense>
        ))}
      </div>
    </article>
  );
}
