import { useTranslation } from 'react-i18next';
import type { Band } from '../../app/wear/exposure.ts';
import css from './band.module.css';

/** A modelled rate as an interval on a scale on which the reference is 1. Outlined: it is not a measurement. */
export function BandScale({ band, high }: { readonly band: Band; readonly high: number }) {
  const { t } = useTranslation();
  const at = (value: number): string => `${Math.min(100, (value / high) * 100).toFixed(2)}%`;
  return (
    <div className={css.scale} aria-hidden>
      <div className={css.reference} style={{ left: at(1) }}>
        <span className={css.label}>1 · {t('wear.reference')}</span>
      </div>
      <div className={css.band} style={{ left: at(band.low), width: `calc(${at(band.high)} - ${at(band.low)})` }} />
      <div className={css.mid} style={{ left: at(band.mid) }} />
    </div>
  );
}
