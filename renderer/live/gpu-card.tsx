import { useTranslation } from 'react-i18next';
import type { Quantity } from '../../app/format.ts';
import { metricOf, type MetricKey } from '../../app/metrics.ts';
import { reasonsIn } from '../../app/telemetry/throttle-reasons.ts';
import { Strip } from '../charts/strip.tsx';
import { useShared } from '../context.tsx';
import { Number, Value } from '../parts/value.tsx';
import { Arc } from './arc.tsx';
import css from './gpu-card.module.css';
import { SessionLine, type RunningSession } from './session-line.tsx';
import { STRIP_MS, stripMetrics, type LiveGpu } from './store.ts';

/** One card opens wide, a few stand side by side, many stay readable on one screen. */
export type CardSize = 'wide' | 'medium' | 'small';
export const cardSize = (gpus: number): CardSize => (gpus === 1 ? 'wide' : gpus <= 3 ? 'medium' : 'small');

/** Strips a card has room for, and how high. */
const strips = { wide: { count: 3, height: 72 }, medium: { count: 2, height: 56 }, small: { count: 1, height: 34 } };

type Props = {
  readonly gpu: LiveGpu;
  readonly source: string;
  readonly nowMs: number;
  /** how long ago it was last heard of, when that is too long */
  readonly silentMs: number | undefined;
  readonly size: CardSize;
  /** all that go on, on any card */
  readonly sessions: readonly RunningSession[];
};

/** A reading as a bar against its limit. */
function Bar({ share }: { readonly share: number | undefined }) {
  return (
    <div className={css.bar} data-absent={share === undefined}>
      {share !== undefined && (
        <div className={css.fill} style={{ width: `${Math.min(100, share * 100).toFixed(1)}%` }} />
      )}
    </div>
  );
}

/** Fixed bounds of the strips, so that their height means the same on every card. */
const stripBounds: Partial<Record<MetricKey, { low: number; high?: number }>> = {
  powerW: { low: 0 },
  gpuUtilPct: { low: 0, high: 100 },
};

/** One GPU at a glance: how hot, how hard, what holds it, and the last minutes. */
export function GpuCard({ gpu, source, nowMs, silentMs, size, sessions }: Props) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { gpu: identity, status } = gpu;
  const quantity =
    (key: MetricKey) =>
    (value: number): Quantity =>
      format.metric(metricOf(key), value);
  const value = (key: MetricKey) => <Value latest={gpu.latest(key)} show={quantity(key)} source={source} />;
  const share = (key: MetricKey, of: MetricKey): number | undefined => {
    const [a, b] = [gpu.value(key), gpu.value(of)];
    return a === undefined || b === undefined || b === 0 ? undefined : a / b;
  };
  /** "312 / 450 W": a reading of what it may be at most; the unit once where both have the same */
  const amount = (key: MetricKey, limitKey: MetricKey) => {
    const known = gpu.value(limitKey);
    const most = known === undefined ? undefined : format.metric({ ...metricOf(limitKey), digits: 0 }, known);
    const bare = (now: number): Quantity => {
      // half a gigabyte of 24 is "0.5 / 24 GiB", not a number with another unit
      if (most?.unit === 'GiB') return { text: format.number(now / 2 ** 30, 1), unit: '' };
      const shown = quantity(key)(now);
      return shown.unit === most?.unit ? { ...shown, unit: '' } : shown;
    };
    return (
      <>
        <Value latest={gpu.latest(key)} show={bare} source={source} />
        {most && gpu.value(key) !== undefined && (
          <span className={css.limit}>
            {' / '}
            <Number {...most} />
          </span>
        )}
      </>
    );
  };
  const load = gpu.value('gpuUtilPct');
  const { marginK } = status;
  const margin =
    marginK === undefined
      ? ''
      : t(marginK >= 0 ? 'status.margin' : 'status.over', {
          margin: `${format.kelvins(Math.abs(marginK)).text} ${format.kelvins(marginK).unit}`,
        });
  const reasons = gpu.value('throttleReasons');
  const causes =
    reasons === undefined
      ? undefined
      : [...new Set(reasonsIn(reasons).map(({ cause }) => cause))].filter((cause) => cause !== 'idle');
  const strip = gpu.strip();
  const wide = size === 'wide';
  const here = sessions.filter(({ gpus }) => gpus.includes(identity.uuid));
  const session = here.length > 0 && (
    // one for each set of sessions: figures of those before are not shown with these
    <SessionLine key={here.map(({ id }) => id).join()} sessions={here} gpuName={identity.name} nowMs={nowMs} />
  );

  return (
    <article
      className={css.card}
      data-size={size}
      data-silent={silentMs !== undefined}
      data-gone={status.key === 'lost'}
      aria-label={identity.name}
    >
      <header className={css.header}>
        <h2 className={css.name}>{identity.name}</h2>
        <span className={css.bus} title={identity.uuid}>
          {identity.pciBusId.replace(/^0000(0000)?:/, '')}
        </span>
      </header>

      <div className={css.gauge}>
        <Arc gpu={gpu} format={format} compact={size === 'small'} />
      </div>

      <div className={css.state}>
        <p className={css.sentence} data-level={status.level}>
          <span aria-hidden className={css.sign} />
          {silentMs === undefined
            ? [t(`status.${status.key}`), margin].filter(Boolean).join(' · ')
            : t('state.stale', { ago: format.duration(silentMs) })}
        </p>
        {!wide && session}
      </div>

      <dl className={css.readings}>
        <div>
          <dt>{t('live.power')}</dt>
          <dd>{amount('powerW', 'powerLimitW')}</dd>
          <Bar share={share('powerW', 'powerLimitW')} />
        </div>
        <div>
          <dt>{t('live.load')}</dt>
          <dd>{value('gpuUtilPct')}</dd>
          <Bar share={load === undefined ? undefined : load / 100} />
        </div>
        <div>
          <dt>{t('live.vram')}</dt>
          <dd>{amount('vramUsedBytes', 'vramTotalBytes')}</dd>
          <Bar share={share('vramUsedBytes', 'vramTotalBytes')} />
        </div>
        <div>
          <dt title={t('live.fanNote')}>{t('live.fan')}</dt>
          <dd>{value('fanPct')}</dd>
          <Bar share={gpu.value('fanPct') === undefined ? undefined : gpu.value('fanPct')! / 100} />
        </div>
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
              <dt>{t('live.held')}</dt>
              <dd>
                {causes === undefined
                  ? value('throttleReasons')
                  : causes.length === 0
                    ? t('live.nothing')
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
        {stripMetrics.slice(0, strips[size].count).map((key) => {
          const newest = gpu.value(key);
          const shown = newest === undefined ? undefined : quantity(key)(newest);
          return (
            <Strip
              key={key}
              times={strip.times}
              values={strip.values[stripMetrics.indexOf(key)]!}
              spanMs={STRIP_MS}
              nowMs={nowMs}
              height={strips[size].height}
              label={size === 'small' ? '' : t(`metric.${key}`)}
              text={shown ? `${shown.text} ${shown.unit}` : ''}
              show={(of) => quantity(key)(of).text}
              low={stripBounds[key]?.low}
              high={key === 'powerW' ? gpu.value('powerLimitW') : stripBounds[key]?.high}
            />
          );
        })}
      </div>
    </article>
  );
}
