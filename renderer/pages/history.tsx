import { ActionIcon, Button, Menu, MultiSelect, SegmentedControl } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useMemo, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { exportFormats, type ExportFormat } from '../../app/exchange/format.ts';
import { gauges, isMetricKey, metricOf, type MetricKey } from '../../app/metrics.ts';
import { HistoryChart } from '../charts/history-chart.tsx';
import type { HistoryRange, TimeMark } from '../charts/history-plot.ts';
import type { View } from '../charts/view.ts';
import { useShared } from '../context.tsx';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { JobLine, useJob, useStartJob } from '../parts/job-line.tsx';
import { PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import { EventRail } from './event-rail.tsx';
import { Totals } from './history-totals.tsx';
import { useView, type ViewControl } from './use-view.ts';
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

const SLICES = 800; // about the pixels of a chart in a window of the usual size
const MAX_SHOWN = 6;
/** Time fetched at each side of what is shown, in views: moving shows it at once, and the rest follows. */
const MARGIN = 0.5;
/** … and no less than this, so that a view between two samples is not empty. */
const LEAST_MARGIN_MS = 30_000;
/** Sums are kept by the minute: over shorter views they would say too much. */
const TOTALS_MS = 5 * MINUTE;
const SETTLE_MS = 90;

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
  const control = useView(ranges.range10m, SLICES);
  const { view, followedMs } = control;
  const [settled] = useDebouncedValue(view, followedMs === undefined ? SETTLE_MS : 0);
  /** what is not drawn by the charts themselves is still of the view before */
  const moving = followedMs === undefined && (settled.fromMs !== view.fromMs || settled.toMs !== view.toMs);
  const job = useJob('export');
  const [startJob, refusal] = useStartJob();
  const gpuUuid = choice.chosen?.uuid;

  const margin = Math.max(LEAST_MARGIN_MS, (settled.toMs - settled.fromMs) * MARGIN);
  const fetched = { fromMs: settled.fromMs - margin, toMs: settled.toMs + margin };
  const range = useQuestion(
    'history.range',
    { gpuUuid: gpuUuid ?? '', metrics: [...shown], ...fetched, buckets: SLICES * (1 + 2 * MARGIN) },
    { when: gpuUuid !== undefined && shown.length > 0 },
  );
  const marks = useQuestion('history.marks', fetched);
  const timeMarks = useMemo((): TimeMark[] => {
    const { sessions = [], alerts = [], events = [] } = marks.data ?? {};
    const ours = (uuid: string | null): boolean => uuid === null || uuid === gpuUuid;
    return [
      ...sessions.map(({ startedMs, endedMs }) => ({ kind: 'session' as const, fromMs: startedMs, toMs: endedMs ?? 8e15 })), // prettier-ignore
      ...alerts
        .filter((alert) => ours(alert.gpuUuid))
        .map(({ firedMs, clearedMs }) => ({ kind: 'alert' as const, fromMs: firedMs, toMs: clearedMs ?? 8e15 })),
      ...events.filter((event) => ours(event.gpuUuid)).map(({ kind, fromMs, toMs }) => ({ kind, fromMs, toMs })),
    ];
  }, [marks.data, gpuUuid]);
  useEffect(() => {
    document.title = `${t('history.title')} · Slowburn`;
  }, [t]);

  const exportAs = (as: ExportFormat): void =>
    startJob({
      kind: 'export',
      format: as,
      fromMs: Math.floor(view.fromMs),
      toMs: Math.ceil(view.toMs),
      metrics: [],
      gpuUuids: gpuUuid === undefined ? [] : [gpuUuid],
    });
  const when = (ms: number): string =>
    view.toMs - view.fromMs < 60 * MINUTE ? `${format.date(ms)} ${format.time(ms)}` : format.dateTime(ms);
  const words = { mean: t('history.meanShort'), lowest: t('history.lowestShort'), highest: t('history.highestShort') };
  const observed = range.data !== undefined && isObserved(range.data, view);
  const chosenRange = Object.entries(ranges).find(([, ms]) => ms === followedMs)?.[0];
  return (
    <>
      <PageHeader title={t('history.title')}>
        <GpuSelect {...choice} />
        <SegmentedControl
          size="xs"
          aria-label={t('history.range')}
          data={Object.keys(ranges).map((name) => ({ value: name, label: t(`history.${name}`) }))}
          value={chosenRange ?? ''}
          onChange={(value) => control.follow(ranges[value as keyof typeof ranges])}
        />
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="xs" variant="default" disabled={gpuUuid === undefined}>
              {t('history.export')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t('history.exportShown')}</Menu.Label>
            {exportFormats.map((as) => (
              <Menu.Item key={as} onClick={() => exportAs(as)}>
                {as.toUpperCase()}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
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
      <JobLine job={job} />
      {refusal && <p role="alert">{refusal}</p>}
      <div className={css.bar}>
        <Steps control={control} />
        <span>
          {when(view.fromMs)} – {followedMs === undefined ? when(view.toMs) : t('history.now')}
          {' · '}
          {format.duration(view.toMs - view.fromMs)}
        </span>
      </div>
      {range.data && (
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
              const series = range.data!.series[key];
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
                  range={range.data!}
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
      {gpuUuid !== undefined && settled.toMs - settled.fromMs >= TOTALS_MS && (
        <div className={moving ? css.moving : undefined}>
          <Totals gpuUuid={gpuUuid} {...settled} />
        </div>
      )}
      {range.data && marks.data && (
        <EventRail {...view} {...marks.data} gpuNames={new Map(choice.gpus.map(({ uuid, name }) => [uuid, name]))} />
      )}
      {range.data && (
        <p className={css.absent}>
          {t(`history.resolution${range.data.resolution[0]!.toUpperCase()}${range.data.resolution.slice(1)}`, {
            step: format.duration(Math.max(1000, range.data.stepMs)),
          })}
          {' · '}
          {t('history.band')} {t('history.hint')}
        </p>
      )}
    </>
  );
}

/** Buttons for what the mouse does, and the way back. */
function Steps({ control }: { readonly control: ViewControl }) {
  const { t } = useTranslation();
  const { view, pan, zoom, back, follow, followedMs } = control;
  const steps = [
    { label: t('history.earlier'), sign: '‹', act: () => pan(-0.5) },
    { label: t('history.later'), sign: '›', act: () => pan(0.5) },
    { label: t('history.zoomIn'), sign: '+', act: () => zoom(0.5) },
    { label: t('history.zoomOut'), sign: '−', act: () => zoom(2) },
  ];
  return (
    <ActionIcon.Group>
      {steps.map(({ label, sign, act }) => (
        <ActionIcon key={sign} variant="default" size="md" aria-label={label} title={label} onClick={act}>
          {sign}
        </ActionIcon>
      ))}
      <Button size="compact-sm" h={28} variant="default" disabled={!back} onClick={back}>
        {t('history.back')}
      </Button>
      <Button
        size="compact-sm"
        h={28}
        variant="default"
        disabled={followedMs !== undefined}
        onClick={() => follow(view.toMs - view.fromMs)}
      >
        {t('history.now')}
      </Button>
    </ActionIcon.Group>
  );
}
