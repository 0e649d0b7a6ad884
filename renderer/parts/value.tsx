import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Quantity } from '../../app/core/format.ts';
import type { Latest } from '../live/readings.ts';
import css from './value.module.css';

/** A number with its unit in the small size. */
export function Number({ text, unit }: Quantity) {
  return (
    <span className={css.number}>
      {text}
      {unit && <span className={css.unit}> {unit}</span>}
    </span>
  );
}

/**
 * One reading: its value, or why there is none; the source on hover. Absent is never a number.
 * @param show formats the value
 */
export function Value({
  latest,
  show,
  source,
}: {
  readonly latest: Latest | undefined;
  readonly show: (value: number) => Quantity;
  readonly source: string;
}) {
  const { t } = useTranslation();
  const reading = latest?.reading ?? { state: 'unread' as const, reason: 0 };
  const derived = reading.state === 'value' && reading.derived;
  // a value is drawn with every tick, and what is said about it stays
  const about = useMemo(
    () => [t('live.source', { source }), derived && t('state.derived')].filter(Boolean).join(' · '),
    [t, source, derived],
  );
  if (reading.state !== 'value') {
    return (
      <span className={css.absent} data-hint={t(`state.because.${reading.state}`)}>
        {t(`state.${reading.state}`)}
      </span>
    );
  }
  return (
    <span data-hint={about}>
      {derived && '≈ '}
      <Number {...show(reading.value)} />
    </span>
  );
}
