import { Slider } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { whatIf, type Change } from '../../app/wear/what-if.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './wear.module.css';

type Card = NonNullable<ResponseOf<'wear.card'>>;

/** The sliders: their ends, step and first position, and the change that each means. */
const knobs = [
  {
    kind: 'power-cap',
    from: 40,
    to: 100,
    step: 5,
    first: 80,
    change: (at) => ({ kind: 'power-cap', share: at / 100 }),
  },
  {
    kind: 'temperature-ceiling',
    from: 50,
    to: 90,
    step: 1,
    first: 70,
    change: (at) => ({ kind: 'temperature-ceiling', maxC: at }),
  },
  { kind: 'duty', from: 0, to: 200, step: 10, first: 50, change: (at) => ({ kind: 'duty', factor: at / 100 }) },
  { kind: 'overnight', from: 0, to: 24, step: 1, first: 8, change: (at) => ({ kind: 'overnight', hoursADay: at }) },
] as const satisfies readonly {
  readonly kind: Change['kind'];
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly first: number;
  readonly change: (at: number) => Change;
}[];

/** What a change would mean for the hours that this card recorded. */
export function WhatIf({ card }: { readonly card: Card }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const [at, setAt] = useState<Readonly<Record<Change['kind'], number>>>(
    () => Object.fromEntries(knobs.map(({ kind, first }) => [kind, first])) as Record<Change['kind'], number>,
  );
  const { exposure, cooling, limitW } = card;
  if (!exposure?.families.M1?.rate) return null; // a change of a rate that is withheld is withheld too
  const week = 'trend' in cooling ? cooling.trend.weeks.at(-1) : undefined;
  const profile = {
    hoursByTemp: exposure.hoursByTemp,
    resistance: week?.resistance,
    effectiveAirC: week?.effectiveAirC,
    limitW,
  };
  const signed = (value: number): string => {
    const whole = Math.round(value);
    return `${whole > 0 ? '+' : whole < 0 ? '−' : '±'}${format.number(Math.abs(whole))}`;
  };
  const shown = (kind: Change['kind'], value: number): string => {
    const { text, unit } = format.temperature(value);
    return t(`wear.change.${kind}`, { percent: value, temp: `${text} ${unit}`, hours: value });
  };
  return (
    <Panel modelled title={t('wear.whatIf')} aside={`M1 · v${exposure.modelVersion}`}>
      <div className={css.whatIf}>
        {knobs.map(({ kind, from, to, step, change }) => {
          const result = whatIf(profile, change(at[kind]));
          return (
            <div key={kind}>
              <span className={css.quietText}>{shown(kind, at[kind])}</span>
              <Slider
                size="sm"
                color="gray"
                label={null}
                thumbLabel={t(`wear.knob.${kind}`)}
                min={from}
                max={to}
                step={step}
                value={at[kind]}
                disabled={typeof result === 'string'}
                onChange={(value) => setAt((before) => ({ ...before, [kind]: value }))}
              />
              <output>
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
              </output>
            </div>
          );
        })}
      </div>
      <p className={css.quiet}>{t('wear.whatIfNote')}</p>
    </Panel>
  );
}
