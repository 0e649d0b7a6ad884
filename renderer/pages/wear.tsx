import { Accordion } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { disclaimer } from '../../app/wear/model.ts';
import { BandScale } from '../charts/band.tsx';
import { Bars } from '../charts/bars.tsx';
import { useShared } from '../context.tsx';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { Empty, PageHeader, Panel } from '../parts/panel.tsx';
import { Number } from '../parts/value.tsx';
import { useQuestion } from '../use-question.ts';
import css from './wear.module.css';

type Exposure = NonNullable<ResponseOf<'wear.exposure'>>;

const REFRESH_MS = 10_000;
const HOUR_MS = 3_600_000;
const scaleEnd = (high: number): number => Math.max(2, Math.ceil(high * 1.15));

function Modelled({ exposure }: { readonly exposure: Exposure }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { significant } = format;
  const { silicon } = exposure;
  if (!silicon) return null;
  return (
    <Panel modelled title={t('wear.heading')} aside={`${exposure.reference} · v${exposure.modelVersion}`}>
      <p className={css.sentence}>
        {t('wear.sentence', { low: significant(silicon.rate.low), high: significant(silicon.rate.high) })}
      </p>
      <div className={css.family}>
        <span>{t('wear.rate')}</span>
        <span className={css.rate}>
          {significant(silicon.rate.mid)} ×{' '}
          <small>
            [{significant(silicon.rate.low)}–{significant(silicon.rate.high)}]
          </small>
        </span>
      </div>
      <BandScale band={silicon.rate} high={scaleEnd(silicon.rate.high)} />
      <div className={css.family}>
        <span>{t('wear.equivalentHours')}</span>
        <span>
          {significant(silicon.equivalentHours.mid)} h{' '}
          <small>
            [{significant(silicon.equivalentHours.low)}–{significant(silicon.equivalentHours.high)}]
          </small>
        </span>
      </div>
      <p className={css.disclaimer}>{disclaimer(format.percent(exposure.coverage))}</p>
    </Panel>
  );
}

function Measured({ exposure }: { readonly exposure: Exposure }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const swings = exposure.cycles.reduce((sum, { count }) => sum + count, 0);
  return (
    <Panel
      title={t('wear.measured')}
      aside={exposure.sinceMs === undefined ? '' : t('wear.since', { date: format.date(exposure.sinceMs) })}
    >
      <dl className={css.odometer}>
        <div>
          <dt>{t('wear.observed')}</dt>
          <dd>{format.duration(exposure.observedHours * HOUR_MS)}</dd>
        </div>
        <div>
          <dt>{t('wear.coverage')}</dt>
          <dd>
            <Number text={format.percent(exposure.coverage)} unit="%" />
          </dd>
        </div>
        <div>
          <dt>{t('wear.cycles')}</dt>
          <dd>{format.number(swings, 1)}</dd>
        </div>
      </dl>
    </Panel>
  );
}

function Histograms({ exposure }: { readonly exposure: Exposure }) {
  const { t } = useTranslation();
  const { format } = useShared();
  // the first hours are told in minutes: 0.0030 h says nothing to anybody
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
          yText={(amount) => format.number(amount, amount < 10 ? 1 : 0)}
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
            yText={(amount) => format.number(amount, amount < 5 ? 1 : 0)}
            readout={(rangeK, amount) =>
              `${format.kelvins(rangeK).text} ${format.kelvins(rangeK).unit}: ${format.number(amount, 1)} ×`
            }
          />
        )}
      </Panel>
    </div>
  );
}

/** Bins between the lowest and the highest that have nothing are shown as nothing. */
function fillBins(bins: readonly { readonly at: number; readonly amount: number }[]) {
  if (bins.length === 0) return [];
  const amounts = new Map(bins.map(({ at, amount }) => [at, amount]));
  const low = Math.min(...amounts.keys());
  return Array.from({ length: Math.max(...amounts.keys()) - low + 1 }, (_, i) => ({
    at: low + i,
    amount: amounts.get(low + i) ?? 0,
  }));
}

export function WearPage() {
  const { t } = useTranslation();
  const choice = useGpuChoice();
  const { data: exposure } = useQuestion(
    'wear.exposure',
    { gpuUuid: choice.chosen?.uuid ?? '' },
    { everyMs: REFRESH_MS, when: choice.chosen !== undefined },
  );
  return (
    <>
      <PageHeader title={t('wear.title')}>
        <GpuSelect {...choice} />
      </PageHeader>
      {!exposure?.silicon ? (
        <Empty title={t('wear.nothing')}>
          <p>{t('wear.nothingMore')}</p>
        </Empty>
      ) : (
        <>
          <Measured exposure={exposure} />
          <Modelled exposure={exposure} />
          <Histograms exposure={exposure} />
          <Accordion variant="contained">
            <Accordion.Item value="how">
              <Accordion.Control>{t('wear.how')}</Accordion.Control>
              <Accordion.Panel>
                <div className={css.how}>
                  {(['how1', 'how2', 'how3', 'how4'] as const).map((key) => (
                    <p key={key}>{t(`wear.${key}`)}</p>
                  ))}
                </div>
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
        </>
      )}
    </>
  );
}
