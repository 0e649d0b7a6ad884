import { useTranslation } from 'react-i18next';
import type { Band } from '../../app/wear/exposure-schema.ts';
import css from './band.module.css';

const LEAST = -2; // below a hundredth of the reference there is nothing to tell apart; such bands stand at the left end
const power = (exponent: number): number => Number(`1e${exponent}`); // 10 ** -2 is not 0.01
const within = (value: number): number => Math.max(LEAST, Math.log10(value));

/** Ends of a scale of powers of ten that holds all bands and the reference. */
export function decades(bands: readonly Band[]): Ends {
  const low = Math.min(-1, ...bands.map((band) => Math.floor(within(band.low))));
  const high = Math.max(1, ...bands.map((band) => Math.ceil(within(band.high))));
  return [power(low), power(high)];
}

type Ends = readonly [low: number, high: number];

/** Where a value stands on a scale of factors: half as much and twice as much stand equally far from 1. */
const placeOf = (value: number, [low, high]: Ends): string =>
  `${(100 * Math.max(0, Math.min(1, Math.log(Math.max(value, low) / low) / Math.log(high / low)))).toFixed(2)}%`;

/** The scale of bands that stand under it, with the reference named. */
export function BandAxis({ ends, text }: { readonly ends: Ends; readonly text: (value: number) => string }) {
  const { t } = useTranslation();
  const [first, last] = [Math.round(Math.log10(ends[0])), Math.round(Math.log10(ends[1]))];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => power(first + i));
  return (
    <div className={css.axis} aria-hidden>
      {powers.map((value) => (
        <span key={value} style={{ left: placeOf(value, ends) }}>
          {value === 1 ? `1 · ${t('wear.reference')}` : text(value)}
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
