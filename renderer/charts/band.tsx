import { useTranslation } from 'react-i18next';
import type { Band } from '../../app/wear/families.ts';
import css from './band.module.css';

/** Ends of a scale of powers of ten that holds all bands and the reference. */
export function decades(bands: readonly Band[]): readonly [low: number, high: number] {
  const lows = bands.map(({ low }) => Math.log10(Math.max(low, 1e-4)));
  const highs = bands.map(({ high }) => Math.log10(Math.max(high, 1e-4)));
  return [10 ** Math.min(-1, Math.floor(Math.min(...lows))), 10 ** Math.max(1, Math.ceil(Math.max(...highs)))];
}

type Ends = readonly [low: number, high: number];

/** Where a value stands on a scale of factors: half as much and twice as much stand equally far from 1. */
const placeOf = (value: number, [low, high]: Ends): string =>
  `${(100 * Math.max(0, Math.min(1, Math.log(Math.max(value, low) / low) / Math.log(high / low)))).toFixed(2)}%`;

/** The scale of bands that stand under it, with the reference named. */
export function BandAxis({ ends, text }: { readonly ends: Ends; readonly text: (value: number) => string }) {
  const { t } = useTranslation();
  const powers = Array.from({ length: Math.round(Math.log10(ends[1] / ends[0])) + 1 }, (_, i) => ends[0] * 10 ** i);
  return (
    <div className={css.axis} aria-hidden>
      {powers.map((value) => (
        <span key={value} style={{ left: placeOf(value, ends) }}>
          {Math.abs(value - 1) < 1e-9 ? `1 · ${t('wear.reference')}` : text(value)}
        </span>
      ))}
    </div>
  );
}

/** A modelled rate as an interval. Outlined: it is not a measurement. */
export function BandScale({ band, ends }: { readonly band: Band; readonly ends: Ends }) {
  const [low, high] = [placeOf(band.low, ends), placeOf(band.high, ends)];
  return (
    <div className={css.scale} aria-hidden>
      <div className={css.reference} style={{ left: placeOf(1, ends) }} />
      <div className={css.band} style={{ left: low, width: `max(4px, calc(${high} - ${low}))` }} />
      <div className={css.mid} style={{ left: placeOf(band.mid, ends) }} />
    </div>
  );
}
