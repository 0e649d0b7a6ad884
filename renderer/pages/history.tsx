import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExportFormat } from '../../app/exchange/format.ts';
import { metricOf, type MetricKey } from '../../app/metrics/metrics.ts';
import { HistoryChart } from '../charts/history-chart.tsx';
import type { HistoryRange, TimeMark } from '../charts/history-plot.ts';
import type { View } from '../charts/view.ts';
import { useShared } from '../context.tsx';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { JobLine, useJob, useStartJob } from '../parts/job-line.tsx';
import { PageHeader, Panel } from '../parts/panel.tsx';
import { EventRail } from './event-rail.tsx';
import { ExportMenu, MetricChoice, RangeChoice, ranges, Steps } from './history-controls.tsx';
import { Totals } from './history-totals.tsx';
import { LEAST_MARGIN_MS, useHistory } from './use-history.ts';
import { useView, type ViewControl } from './use-view.ts';
import css from './history.module.css';

const MINUTE = 60_000;
/** Keys for those who do not use a mouse: arrows move, + and − zoom, Home follows again. */
function onKey(event: KeyboardEvent, { pan, zoom, follow, view }: ViewControl): void {
  const actions: Partial<Record<string, () => void>> = {
    ArrowLeft: () => pan(-0.2),
    ArrowRight: () => pan(0.2),
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    Home: () => follow(view.toMs - view.fromMs),
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

const LAST_MOMENT_MS = 8e15;
/** What has not ended reaches to the end of time. */
const markOf = (kind: TimeMark['kind'], fromMs: number, toMs: number | null): TimeMark => ({
  kind,
  fromMs,
  toMs: toMs ?? LAST_MOMENT_MS,
});

/** Whether any of the chosen was read in a view, or so near to it that a line is drawn through it. */
function isObserved({ fromMs, stepMs, counts }: HistoryRange, view: View): boolean {
  if (view.fromMs < fromMs || view.toMs > fromMs + counts.length * stepMs) return true; // not fetched yet: not known
  const slice = (ms: number): number => Math.max(0, Math.floor((ms - fromMs) / stepMs));
  return counts.slice(slice(view.fromMs - LEAST_MARGIN_MS), slice(view.toMs + LEAST_MARGIN_MS) + 1).some((n) => n > 0);
}

export function HistoryPage() {
  const { t } = useTranslation();
  const { format } = useShared();
  const choice = useGpuChoice();
  const [shown, setShown] = useState<readonly MetricKey[]>(['coreTempC', 'powerW', 'gpuUtilPct']);
  const control = useView(ranges.range10m);
  const { view, followedMs } = control;
  const follows = followedMs !== undefined;
  const job = useJob('export');
  const [startJob, refusal] = useStartJob();
  const gpuUuid = choice.chosen?.uuid;
  const { range, marks, totals, moving } = useHistory(gpuUuid, shown, control);
  const timeMarks = useMemo((): TimeMark[] => {
    const { sessions = [], alerts = [], events = [] } = marks ?? {};
    const ours = (uuid: string | null): boolean => uuid === null || uuid === gpuUuid;
    return [
      ...sessions.map(({ startedMs, endedMs }) => markOf('session', startedMs, endedMs)),
      ...alerts
        .filter((alert) => ours(alert.gpuUuid))
        .map(({ firedMs, clearedMs }) => markOf('alert', firedMs, clearedMs)),
      ...events.filter((event) => ours(event.gpuUuid)).map(({ kind, fromMs, toMs }) => ({ kind, fromMs, toMs })),
    ];
  }, [marks, gpuUuid]);
  const exported = useRef({ view, gpuUuid });
  useEffect(() => {
    exported.current = { view, gpuUuid };
  });
  const exportAs = useCallback(
    (as: ExportFormat): void => {
      const { view: of, gpuUuid: uuid } = exported.current;
      startJob({
        kind: 'export',
        format: as,
        fromMs: Math.floor(of.fromMs),
        toMs: Math.ceil(of.toMs),
        metrics: [],
        gpuUuids: uuid === undefined ? [] : [uuid],
      });
    },
    [startJob],
  );
  const when = (ms: number): string =>
    view.toMs - view.fromMs < 60 * MINUTE ? `${format.date(ms)} ${format.time(ms)}` : format.dateTime(ms);
  const words = useMemo(
    () => ({ mean: t('history.meanShort'), lowest: t('history.lowestShort'), highest: t('history.highestShort') }),
    [t],
  );
  const names = useMemo(() => new Map(choice.gpus.map(({ uuid, name }) => [uuid, name])), [choice.gpus]);
  const observed = range !== undefined && isObserved(range, view);
  return (
    <>
      <PageHeader title={t('history.title')}>
        <GpuSelect {...choice} />
        <RangeChoice followedMs={followedMs} follow={control.follow} />
        <ExportMenu disabled={gpuUuid === undefined} onExport={exportAs} />
      </PageHeader>
      <MetricChoice shown={shown} onChange={setShown} />
      <JobLine job={job} />
      {refusal && <p role="alert">{refusal}</p>}
      <div className={css.bar}>
        <Steps
          pan={control.pan}
          zoom={control.zoom}
          back={control.back}
          now={follows ? undefined : () => control.follow(view.toMs - view.fromMs)}
        />
        <span>
          {when(view.fromMs)} – {follows ? t('history.now') : when(view.toMs)}
          {' · '}
          {format.duration(view.toMs - view.fromMs)}
        </span>
      </div>
      {range && (
        <Panel>
          {!observed && <p className={css.absent}>{t('history.noneShown')}</p>}
          <div
            className={css.charts}
            tabIndex={0}
            role="group"
            aria-label={t('history.title')}
            onKeyDown={(event) => onKey(event, control)}
          >
            {shown.map((key, i) => {
              const metric = metricOf(key);
              const series = range.series[key];
              // where nothing was observed the charts stay, to be moved on: what is missing there is not this metric
              if (observed && (!series || series.mean.every(Number.isNaN))) {
                return (
                  <section key={key}>
                    <h2 className={css.title}>{t(`metric.${key}`)}</h2>
                    <p className={css.absent}>{t('history.allAbsent')}</p>
                  </section>
                );
              }
              return (
                <HistoryChart
                  key={key}
                  title={t(`metric.${key}`)}
                  metric={metric}
                  range={range}
                  view={view}
                  onView={control.show}
                  marks={timeMarks}
                  format={format}
                  axis={i === shown.length - 1}
                  words={words}
                />
              );
            })}
          </div>
        </Panel>
      )}
      {totals && (
        <div className={moving ? css.moving : undefined}>
          <Totals totals={totals} />
        </div>
      )}
      {range && marks && <EventRail {...view} {...marks} gpuNames={names} />}
      {range && (
        <p className={css.absent}>
          {t(`history.resolution.${range.resolution}`, {
            step: format.duration(Math.max(1000, range.stepMs)),
          })}
          {' · '}
          {t('history.band')} {t('history.hint')}
        </p>
      )}
    </>
  );
}
