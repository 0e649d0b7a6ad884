import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { whatIf, type Change } from '../../app/wear/what-if.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './wear.module.css';

type Card = NonNullable<ResponseOf<'wear.card'>>;

const changes: readonly Change[] = [
  { kind: 'power-cap', share: 0.8 },
  { kind: 'power-cap', share: 0.65 },
  { kind: 'temperature-ceiling', maxC: 70 },
  { kind: 'duty', factor: 0.5 },
  { kind: 'overnight', hoursADay: 8 },
];

/** What some changes would mean for the hours that this card recorded. */
export function WhatIf({ card }: { readonly card: Card }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { exposure, cooling, limitW } = card;
  if (!exposure?.families.M1) return null;
  const week = 'trend' in cooling ? cooling.trend.weeks.at(-1) : undefined;
  const profile = {
    hoursByTemp: exposure.hoursByTemp,
    resistance: week?.resistance,
    effectiveAirC: week?.effectiveAirC,
    limitW,
  };
  const signed = (value: number, digits = 0): string =>
    `${value > 0 ? '+' : value < 0 ? '−' : '±'}${format.number(Math.abs(value), digits)}`;
  const label = (change: Change): string => {
    switch (change.kind) {
      case 'power-cap':
        return t('wear.change.power-cap', { percent: format.percent(change.share) });
      case 'temperature-ceiling': {
        const { text, unit } = format.temperature(change.maxC);
        return t('wear.change.temperature-ceiling', { temp: `${text} ${unit}` });
      }
      case 'duty':
        return t('wear.change.duty', { percent: format.percent(change.factor) });
      case 'overnight':
        return t('wear.change.overnight', { hours: change.hoursADay });
    }
  };
  return (
    <Panel modelled title={t('wear.whatIf')} aside={`M1 · v${exposure.modelVersion}`}>
      <dl className={css.whatIf}>
        {changes.map((change) => {
          const result = whatIf(profile, change);
          return (
            <div key={JSON.stringify(change)}>
              <dt>{label(change)}</dt>
              <dd>
                {typeof result === 'string' ? (
                  <span className={css.quietText}>{t(`wear.noWhatIf.${result}`)}</span>
                ) : (
                  t(Math.abs(result.peakK) < 0.5 ? 'wear.whatIfSame' : 'wear.whatIfResult', {
                    kelvins: `${signed(result.peakK)} K`,
                    mid: signed(result.exposure.mid * 100),
                    low: signed(result.exposure.low * 100),
                    high: signed(result.exposure.high * 100),
                  })
                )}
              </dd>
            </div>
          );
        })}
      </dl>
      <p className={css.quiet}>{t('wear.whatIfNote')}</p>
    </Panel>
  );
}
