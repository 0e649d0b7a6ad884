import { MultiSelect, SegmentedControl } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { gauges, isMetricKey, metricOf, type MetricKey } from '../../app/metrics.ts';
import { HistoryChart, type TimeMark } from '../charts/history-chart.tsx';
import { useShared } from '../context.tsx';
import { useLive } from '../live/store.ts';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { Empty, PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import { EventRail } from './event-rail.tsx';
import css from './history.module.css';

const MINUTE = 60_000;
const DAY = 86_400_000;
const ranges = {
  range10m: 10 * MINUTE,
  range1h: 60 * MINUTE,
  range6h: 360 * MINUTE,
  range1d: DAY,
  range1w: 7 * DAY,
  range1mo: 30 * DAY,
  range1y: 365 * DAY,
} as const;
type RangeName = keyof typeof ranges;

const BUCKETS = 600; // about the pixels of a chart in the smallest window that shows it whole
const MAX_SHOWN = 6;

/** The end of the range: the newest reading, moved on now and then so that the page does not redraw at every tick. */
function useRangeEnd(spanMs: number): number {
  const { tsMs } = useLive();
  const everyMs = Math.max(2_000, spanMs / BUCKETS);
  const end = tsMs === undefined ? undefined : Math.ceil(tsMs / everyMs) * everyMs;
  const [fallback] = useState(() => Date.now());
  return end ?? fallback;
}

export function HistoryPage() {
  const { t } = useTranslation();
  const { format } = useShared();
  const choice = useGpuChoice();
  const [rangeName, setRangeName] = useState<RangeName>('range10m');
  const [shown, setShown] = useState<readonly MetricKey[]>(['coreTempC', 'powerW', 'gpuUtilPct']);
  const spanMs = ranges[rangeName];
  const toMs = useRangeEnd(spanMs);
  const fromMs = toMs - spanMs;
  const gpuUuid = choice.chosen?.uuid;

  const range = useQuestion(
    'history.range',
    { gpuUuid: gpuUuid ?? '', metrics: [...shown], fromMs, toMs, buckets: BUCKETS },
    { when: gpuUuid !== undefined && shown.length > 0 },
  );
  const marks = useQuestion('history.marks', { fromMs, toMs });
  const timeMarks: TimeMark[] = [
    ...(marks.data?.sessions ?? []).map((session) => ({
      kind: 'session' as const,
      fromMs: session.startedMs,
      toMs: session.endedMs ?? toMs,
    })),
    ...(marks.data?.alerts ?? [])
      .filter((alert) => alert.gpuUuid === gpuUuid)
      .map((alert) => ({ kind: 'alert' as const, fromMs: alert.firedMs, toMs: alert.clearedMs ?? toMs })),
  ];
  useEffect(() => {
    document.title = `${t('history.title')} · Slowburn`;
  }, [t]);

  const labels = { mean: t('history.mean'), lowest: t('history.lowest'), highest: t('history.highest') };
  const observed = range.data?.counts.some((count) => count > 0) ?? false;
  return (
    <>
      <PageHeader title={t('history.title')}>
        <GpuSelect {...choice} />
        <SegmentedControl
          size="xs"
          aria-label={t('history.range')}
          data={Object.keys(ranges).map((name) => ({ value: name, label: t(`history.${name}`) }))}
          value={rangeName}
          onChange={(value) => setRangeName(value as RangeName)}
        />
      </PageHeader>
      <MultiSelect
        size="xs"
        aria-label={t('history.metrics')}
        data={gauges.map(({ key }) => ({ value: key, label: t(`metric.${key}`) }))}
        value={[...shown]}
        maxValues={MAX_SHOWN}
        onChange={(keys) => setShown(keys.filter(isMetricKey))}
        clearable={false}
      />
      {range.data && !observed && range.data.gaps.length === 0 && <Empty title={t('history.noData')} />}
      {range.data && (observed || range.data.gaps.length > 0) && (
        <Panel>
          {shown.map((key, i) => {
            const metric = metricOf(key);
            const { unit } = format.metric(metric, 0);
            const series = range.data!.series[key];
            return (
              <section key={key}>
                <h2 className={css.title}>
                  {t(`metric.${key}`)} <small>{unit}</small>
                </h2>
                {!series || series.mean.every(Number.isNaN) ? (
                  <p className={css.absent}>{t('history.allAbsent')}</p>
                ) : (
                  <HistoryChart
                    metric={metric}
                    range={range.data!}
                    fromMs={fromMs}
                    toMs={toMs}
                    marks={timeMarks}
                    format={format}
                    axis={i === shown.length - 1}
                    labels={labels}
                  />
                )}
              </section>
            );
          })}
        </Panel>
      )}
      {range.data && (
        <EventRail
          fromMs={fromMs}
          toMs={toMs}
          alerts={marks.data?.alerts ?? []}
          events={marks.data?.events ?? []}
          sessions={marks.data?.sessions ?? []}
          gaps={range.data.gaps}
        />
      )}
      {range.data && (
        <p className={css.absent}>
          {t(range.data.resolution === 'raw' ? 'history.resolutionRaw' : 'history.resolutionMinute', {
            step: format.duration(Math.max(1000, range.data.stepMs)),
          })}
          {' · '}
          {t('history.band')}
        </p>
      )}
    </>
  );
}
