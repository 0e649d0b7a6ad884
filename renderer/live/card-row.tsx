import { memo } from 'react';
import type { Quantity } from '../../app/core/format.ts';
import { metricOf, type MetricKey } from '../../app/metrics/metrics.ts';
import { useShared } from '../context.tsx';
import { Number, Value } from '../parts/value.tsx';
import css from './gpu-card.module.css';
import type { Latest } from './readings.ts';

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

const numberIn = (latest: Latest | undefined): number | undefined =>
  latest?.reading.state === 'value' ? latest.reading.value : undefined;

type Props = {
  readonly label: string;
  readonly note?: string;
  readonly metric: MetricKey;
  readonly latest: Latest;
  /** what it may be at most; undefined for a share of a hundred */
  readonly limit?: { readonly metric: MetricKey; readonly latest: Latest };
  readonly source: string;
};

const isSame = (a: Props, b: Props): boolean =>
  a.label === b.label && a.latest === b.latest && a.limit?.latest === b.limit?.latest && a.source === b.source;

/** "312 / 450 W": a reading of what it may be at most, the unit once where both have the same, and a bar for it. */
export const CardRow = memo(function CardRow({ label, note, metric, latest, limit, source }: Props) {
  const { format } = useShared();
  const now = numberIn(latest);
  const most = limit ? numberIn(limit.latest) : 100;
  const shownMost =
    limit && most !== undefined ? format.metric({ ...metricOf(limit.metric), digits: 0 }, most) : undefined;
  const show = (value: number): Quantity => {
    // half a gigabyte of 24 is "0.5 / 24 GiB", not a number with another unit
    if (shownMost?.unit === 'GiB') return { text: format.number(value / 2 ** 30, 1), unit: '' };
    const shown = format.metric(metricOf(metric), value);
    return shown.unit === shownMost?.unit ? { ...shown, unit: '' } : shown;
  };
  return (
    <div>
      <dt title={note}>{label}</dt>
      <dd>
        <Value latest={latest} show={show} source={source} />
        {shownMost && now !== undefined && (
          <span className={css.limit}>
            {' / '}
            <Number {...shownMost} />
          </span>
        )}
      </dd>
      <Bar share={now === undefined || !most ? undefined : now / most} />
    </div>
  );
}, isSame);
