import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { familyIds, SWINGS_NEED_H, type FamilyId } from '../../app/wear/exposure.ts';
import { disclaimer } from '../../app/wear/disclaimer.ts';
import { BandAxis, BandScale, decades } from '../charts/band.tsx';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './wear.module.css';

type Exposure = NonNullable<ResponseOf<'wear.exposure'>>;

/** A row of the table: how many times the reference, on the common scale, and in hours at it. */
function Family({
  id,
  exposure: { families, off, observedHours },
  settled,
  ends,
}: {
  readonly id: FamilyId;
  readonly exposure: Exposure;
  readonly settled: boolean;
  readonly ends: readonly [number, number];
}) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { significant } = format;
  const family = families[id];
  const name = (
    <span className={css.familyName}>
      {t(`wear.family.${id}`)} <small>{id}</small>
    </span>
  );
  if (!family) {
    return (
      <div className={css.family}>
        {name}
        <span className={css.familyOff}>{t(`wear.off.${off[id] ?? 'not-observed'}`)}</span>
      </div>
    );
  }
  const { rate, equivalentHours, withInferred, confidence } = family;
  const early = id === 'M3' && !settled;
  return (
    <div className={css.family}>
      {name}
      <span className={css.rate}>
        {significant(rate.mid)} ×{' '}
        <small>
          [{significant(rate.low)}–{significant(rate.high)}]
        </small>
      </span>
      <BandScale band={rate} ends={ends} />
      <span className={css.quietText}>
        {significant(equivalentHours.mid)} h [{significant(equivalentHours.low)}–{significant(equivalentHours.high)}]
        <br />
        {t(`wear.confidence.${confidence}`)}
      </span>
      {(early || withInferred) && (
        <span className={css.familyNote}>
          {early && t('wear.shortSwings', { hours: format.number(observedHours, 1) })}{' '}
          {withInferred &&
            t('wear.inferred', {
              mid: significant(withInferred.mid),
              low: significant(withInferred.low),
              high: significant(withInferred.high),
            })}
        </span>
      )}
    </div>
  );
}

/** Panel C: the families of the model side by side, each with its band and how well its form is known. */
export function Modelled({ exposure }: { readonly exposure: Exposure }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { significant } = format;
  const { families, combined } = exposure;
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
        <div className={css.familyHead}>
          <span />
          <span>{t('wear.rateHead')}</span>
          <BandAxis ends={ends} text={String} />
          <span>{t('wear.eqHead')}</span>
        </div>
        {familyIds.map((id) => (
          <Family key={id} id={id} exposure={exposure} settled={settled} ends={ends} />
        ))}
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
      <p className={css.disclaimer}>{disclaimer(t, exposure.coverage)}</p>
    </Panel>
  );
}
