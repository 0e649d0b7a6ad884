import { Accordion } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { countedCauses } from '../../app/metrics/throttled.ts';
import { coverageText } from '../../app/wear/disclaimer.ts';
import { MODEL_VERSION } from '../../app/wear/model.ts';
import { TREND_NEEDS_DAYS } from '../../app/wear/withhold.ts';
import { Bars } from '../charts/bars.tsx';
import { Intervals } from '../charts/intervals.tsx';
import { useShared } from '../context.tsx';
import { Banner } from '../parts/banner.tsx';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { Empty, PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import { Cooling } from '../wear/cooling.tsx';
import { Facts } from '../wear/facts.tsx';
import { Modelled } from '../wear/modelled.tsx';
import { WhatIf } from '../wear/what-if.tsx';
import css from '../wear/wear.module.css';

type Card = NonNullable<ResponseOf<'wear.card'>>;
type Exposure = NonNullable<Card['exposure']>;

const REFRESH_MS = 10_000;
const HOUR_MS = 3_600_000;

/** Measured totals over the card's recorded life. */
function OdometerPanel({ card: { odometer, olderHours, health } }: { readonly card: Card }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { sinceMs, observedHours, coverage, energyJ, energyFrom, cycles, hoursAbove, throttled, events } = odometer;
  // where driver errors cannot be seen, none seen is not 0
  const hears = health.facts.some(({ id, verdict }) => id === 'xid' && verdict !== 'not-measurable');
  // the time for which it is known, by the cause for which it is known least
  const knownMs = Math.min(...countedCauses.map((cause) => throttled[cause].knownMs));
  const energy = energyJ === undefined ? undefined : format.energy(energyJ);
  const row = (label: string, value: string, unit = '', note = '') => (
    <div title={note}>
      <dt>{label}</dt>
      <dd>
        {value} <small>{unit}</small>
      </dd>
    </div>
  );
  const limits = `${[70, 80, 90].map((limit) => format.temperature(limit).text).join(' / ')} ${format.temperature(0).unit}`;
  const hours = (value: number): string => format.number(value, value < 10 && value > 0 ? 1 : 0);
  return (
    <Panel
      title={t('wear.odometer')}
      aside={sinceMs === undefined ? t('wear.measured') : t('wear.since', { date: format.date(sinceMs) })}
    >
      <dl className={css.odometer}>
        {row(t('wear.observed'), format.duration(observedHours * HOUR_MS))}
        {row(
          t('wear.coverage'),
          coverageText(t, coverage),
          '%',
          t('wear.coverageNote', { percent: coverageText(t, coverage) }),
        )}
        {energy &&
          energyFrom &&
          row(
            t('wear.energy'),
            energy.text,
            energy.unit,
            t('wear.energyNote', { from: t(`energyFrom.${energyFrom}`) }),
          )}
        {row(
          t('wear.hoursAbove', { temps: limits }),
          [hoursAbove.c70, hoursAbove.c80, hoursAbove.c90].map(hours).join(' / '),
          'h',
        )}
        {row(t('wear.swings'), [cycles.small, cycles.medium, cycles.large].map((n) => format.number(n)).join(' / '))}
        {knownMs > 0 &&
          row(
            t('wear.throttledHours'),
            (['heat', 'power-cap', 'power-brake'] as const)
              .map((cause) => hours(throttled[cause].ms / HOUR_MS))
              .join(' / '),
            'h',
            t('wear.throttledHoursNote', { known: format.duration(knownMs) }),
          )}
        {hears && row(t('wear.eventsSeen'), format.number(events))}
      </dl>
      {olderHours > 0 && <p className={css.quiet}>{t('wear.older', { hours: format.number(olderHours) })}</p>}
    </Panel>
  );
}

function Histograms({ exposure }: { readonly exposure: Exposure }) {
  const { t } = useTranslation();
  const { format } = useShared();
  // in minutes at first: 0.0030 h is hard to read
  const inHours = exposure.observedHours >= 2;
  const time = fillBins(
    exposure.hoursByTemp.map(({ tempC, hours }) => ({ at: tempC, amount: inHours ? hours : hours * 60 })),
  );
  const cycles = fillBins(exposure.cycles.map(({ rangeK, count }) => ({ at: rangeK, amount: count })));
  return (
    <div className={css.pair}>
      <Panel title={t('wear.hours')} aside={`${inHours ? 'h' : 'min'} / ${format.temperature(0).unit}`}>
        <Bars
          data={time}
          xText={(tempC) => format.temperature(tempC).text}
          yText={(amount) => format.number(amount, Number.isInteger(amount) ? 0 : 1)}
          readout={(tempC, amount) =>
            `${format.temperature(tempC).text} ${format.temperature(tempC).unit}: ${format.duration(amount * (inHours ? HOUR_MS : HOUR_MS / 60))}`
          }
        />
      </Panel>
      <Panel title={t('wear.cycles')}>
        <p className={css.quiet}>{t('wear.cyclesNote')}</p>
        {cycles.length === 0 ? (
          <p className={css.quiet}>{t('report.never')}</p>
        ) : (
          <Bars
            data={cycles}
            xText={(rangeK) => `${format.kelvins(rangeK).text} ${format.kelvins(rangeK).unit}`}
            yText={(amount) => format.number(amount, Number.isInteger(amount) ? 0 : 1)}
            readout={(rangeK, amount) =>
              `${format.kelvins(rangeK).text} ${format.kelvins(rangeK).unit}: ${format.number(amount, 1)} ×`
            }
          />
        )}
      </Panel>
    </div>
  );
}

/** Adds the empty bins between the lowest and the highest. */
function fillBins(bins: readonly { readonly at: number; readonly amount: number }[]) {
  if (bins.length === 0) return [];
  const amounts = new Map(bins.map(({ at, amount }) => [at, amount]));
  const low = Math.min(...amounts.keys());
  return Array.from({ length: Math.max(...amounts.keys()) - low + 1 }, (_, i) => ({
    at: low + i,
    amount: amounts.get(low + i) ?? 0,
  }));
}

function OverTime({ days }: { readonly days: Card['days'] }) {
  const { t } = useTranslation();
  const { format } = useShared();
  return (
    <Panel modelled title={t('wear.over')} aside={`M1 · v${MODEL_VERSION}`}>
      {days.length < TREND_NEEDS_DAYS ? (
        <p className={css.quiet}>{t('wear.overMissing', { found: days.length, needed: TREND_NEEDS_DAYS })}</p>
      ) : (
        <>
          <p className={css.quiet}>{t('wear.overNote')}</p>
          <Intervals
            label={t('wear.over')}
            reference={1}
            points={days.map(({ dayMs, silicon }) => ({ at: dayMs, ...silicon }))}
            atText={format.date}
            valueText={(value) => `${format.significant(value)} ×`}
          />
        </>
      )}
    </Panel>
  );
}

function How() {
  const { t } = useTranslation();
  return (
    <Accordion variant="contained">
      <Accordion.Item value="how">
        <Accordion.Control>{t('wear.how')}</Accordion.Control>
        <Accordion.Panel>
          <div className={css.how}>
            {(['howFacts', 'howTrend', 'howM1', 'howM2', 'howM3', 'howM4', 'howM5', 'howBand'] as const).map((key) => (
              <p key={key}>{t(`wear.${key}`)}</p>
            ))}
          </div>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

export function WearPage() {
  const { t } = useTranslation();
  const { format } = useShared();
  const choice = useGpuChoice();
  const gpuUuid = choice.chosen?.uuid ?? '';
  const { data: card, again } = useQuestion('wear.card', { gpuUuid }, { everyMs: REFRESH_MS, when: gpuUuid !== '' });
  return (
    <>
      <PageHeader title={t('wear.title')}>
        <GpuSelect {...choice} />
      </PageHeader>
      {!card || (card.odometer.observedHours === 0 && card.replaying === undefined) ? (
        <Empty title={t('wear.nothing')}>
          <p>{t('wear.nothingMore')}</p>
        </Empty>
      ) : (
        <>
          {card.replaying !== undefined && (
            <Banner
              kind="simulated"
              title={t('wear.replaying', { version: MODEL_VERSION, percent: format.percent(card.replaying) })}
            />
          )}
          <OdometerPanel card={card} />
          <Facts health={card.health} />
          <Cooling card={card} gpuUuid={gpuUuid} again={again} />
          {card.exposure && card.replaying === undefined && (
            <>
              <Modelled exposure={card.exposure} />
              <WhatIf card={card} />
              <OverTime days={card.days} />
              <Histograms exposure={card.exposure} />
            </>
          )}
          <How />
        </>
      )}
    </>
  );
}
