import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { familyIds, type FamilyId } from '../../app/wear/exposure.ts';
import { disclaimer } from '../../app/wear/disclaimer.ts';
import { earlyText, noRateText } from '../../app/wear/family-text.ts';
import { BandAxis, BandScale, decades } from '../charts/band.tsx';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './wear.module.css';

type Exposure = NonNullable<ResponseOf<'wear.exposure'>>;

/** A row of the table: how many times the reference, on the common scale, and in hours at it; or why there is no rate. */
function Family({
  id,
  exposure,
  ends,
}: {
  readonly id: FamilyId;
  readonly exposure: Exposure;
  readonly ends: readonly [number, number];
}) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { significant } = format;
  const family = exposure.families[id];
  const name = (
    <span className={css.familyName}>
      {t(`wear.family.${id}`)} <small>{id}</small>
    </span>
  );
  const hours =
    family?.equivalentHours &&
    `${significant(family.equivalentHours.mid)} h [${significant(family.equivalentHours.low)}–${significant(family.equivalentHours.high)}]`;
  if (!family?.rate) {
    return (
      <div className={css.family}>
        {name}
        <span className={css.familyOff}>
          {noRateText(t, format, id, exposure)}
          {hours && (
            <>
              <br />
              {t('wear.eqHead')}: {hours}
            </>
          )}
        </span>
      </div>
    );
  }
  const { rate, withInferred, confidence } = family;
  const early = earlyText(t, format, family);
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
        {hours}
        <br />
        {t(`wear.confidence.${confidence}`)}
      </span>
      {(early || withInferred) && (
        <span className={css.familyNote}>
          {early}{' '}
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
  const { M1, M3 } = exposure.families;
  if (!M1) return null;
  const rates = familyIds.flatMap((id) => exposure.families[id]?.rate ?? []);
  const ends = decades(rates);
  return (
    <Panel modelled title={t('wear.exposure')} aside={`${exposure.reference} · v${exposure.modelVersion}`}>
      <p className={css.sentence}>
        {M1.rate
          ? t('wear.modelledSentence', { low: significant(M1.rate.low), high: significant(M1.rate.high) })
          : t('wear.withheldSentence')}{' '}
        {M3?.rate && t('wear.solderSentence', { low: significant(M3.rate.low), high: significant(M3.rate.high) })}
      </p>
      <div className={css.families}>
        {rates.length > 0 && (
          <div className={css.familyHead}>
            <span />
            <span>{t('wear.rateHead')}</span>
            <BandAxis ends={ends} text={String} />
            <span>{t('wear.eqHead')}</span>
          </div>
        )}
        {familyIds.map((id) => (
          <Family key={id} id={id} exposure={exposure} ends={ends} />
        ))}
      </div>
      <p className={css.note}>{t('wear.unseen')}</p>
      <p className={css.disclaimer}>{disclaimer(t, exposure.coverage)}</p>
    </Panel>
  );
}
