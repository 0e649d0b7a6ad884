import { useTranslation } from 'react-i18next';
import type { Band } from '../../app/wear/families.ts';
import css from './band.module.css';

/** Ends of a scale of powers of ten that holds all bands and the reference. */
export function decades(bands: readonly Band[]): readonly [low: number, high: number] {
  const lows = bands.map(({ low }) => Math.log10(Math.max(low, 1e-4)));
  const highs = bands.map(({ high }) => Math.log10(Math.max(high, 1e-4)));
  return [10 ** Math.min(-1, Math.floor(Math.min(...lows))), 10 ** Math.max(1, Math.ceil(Math.max(...highs)))];
}

/**
 * A modelled rate as an interval on a scale of factors, on which the reference is 1: half as much and twice as much stand
 * equally far from it. Outlined: it is not a measurement.
 */
export function BandScale({
  band,
  ends: [low, high],
}: {
  readonly band: Band;
  readonly ends: readonly [number, number];
}) {
  const { t } = useTranslation();
  const share = (value: number): number =>
    Math.max(0, Math.min(1, Math.log(Math.max(value, low) / low) / Math.log(high / low)));
  const at = (value: number): string => `${(share(value) * 100).toFixed(2)}%`;
  return (
    <div className={css.scale} aria-hidden>
      <span className={css.end}>{low}</span>
      <span className={css.end} data-high>
        {high}
      </span>
      <div className={css.reference} style={{ left: at(1) }}>
        <span className={css.label}>1 · {t('wear.reference')}</span>
      </div>
      <div
        className={css.band}
        style={{ left: at(band.low), width: `max(2px, calc(${at(band.high)} - ${at(band.low)}))` }}
      />
      <div className={css.mid} style={{ left: at(band.mid) }} />
    </div>
  );
}
