import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { familyIds } from '../../app/wear/exposure.ts';
import { disclaimer } from '../../app/wear/model.ts';
import { BandScale, decades } from '../charts/band.tsx';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './wear.module.css';

type Exposure = NonNullable<ResponseOf<'wear.exposure'>>;

/** Swings tell something when days were observed: before that a rate of theirs is a first impression. */
const SWINGS_NEED_H = 48;

/** Panel C: the families of the model side by side, each with its band and how well its form is known. */
export function Modelled({ exposure }: { readonly exposure: Exposure }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { significant } = format;
  const { families, off, combined } = exposure;
  const { M1, M3 } = families;
  if (!M1) return null;
  const settled = exposure.observedHours >= SWINGS_NEED_H;
  const ends = decades(familyIds.flatMap((id) => families[id]?.rate ?? []));
  return (
    <Panel modelled title={t('wear.exposure')} aside={`${exposure.reference} · v${exposure.modelVersion}`}>
      <p className={css.sentence}>
        {t('wear.modelledSentence', { low: significant(M1.rate.low), high: significant(M1.rate.high) })}{' '}
        {M3 && settled && t('wear.solderSentence', { low: significant(M3.rate.low), high: significant(M3.rate.high) })}
      </p>
      <div className={css.families}>
        {familyIds.map((id) => {
          const family = families[id];
          const name = (
            <span className={css.familyName}>
              {t(`wear.family.${id}`)} <small>{id}</small>
            </span>
          );
          if (!family) {
            return (
              <div key={id} className={css.family}>
                {name}
                <span className={css.quietText}>{t(`wear.off.${off[id] ?? 'not-observed'}`)}</span>
              </div>
            );
          }
          const { rate, equivalentHours, withInferred, confidence } = family;
          return (
            <div key={id} className={css.family}>
              {name}
              <span className={css.rate}>
                {significant(rate.mid)} ×{' '}
                <small>
                  [{significant(rate.low)}–{significant(rate.high)}]
                </small>
              </span>
              <span className={css.quietText}>
                {significant(equivalentHours.mid)} h [{significant(equivalentHours.low)}–
                {significant(equivalentHours.high)}] · {t(`wear.confidence.${confidence}`)}
              </span>
              {id !== 'M3' || settled ? (
                <BandScale band={rate} ends={ends} />
              ) : (
                <p className={css.quietText}>
                  {t('wear.shortSwings', { hours: format.number(exposure.observedHours, 1) })}
                </p>
              )}
              {withInferred && significant(withInferred.high) !== significant(rate.high) && (
                <p className={css.quietText}>
                  {t('wear.inferred', {
                    mid: significant(withInferred.mid),
                    low: significant(withInferred.low),
                    high: significant(withInferred.high),
                  })}
                </p>
              )}
            </div>
          );
        })}
      </div>
      {combined && settled && (
        <p className={css.note}>
          {t('wear.headline', {
            value: significant(combined.headline),
            low: significant(combined.envelope.low),
            high: significant(combined.envelope.high),
          })}
        </p>
      )}
      <p className={css.note}>{t('wear.unseen')}</p>
      <p className={css.disclaimer}>{disclaimer(format.percent(exposure.coverage))}</p>
    </Panel>
  );
}
