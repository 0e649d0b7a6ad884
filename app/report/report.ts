import type { StoredGpu } from '../history/records.ts';
import type { StoredAlert } from '../alerts/schema.ts';
import type { AlertTable } from '../alerts/table.ts';
import type { SessionBook } from '../workload/sessions/book.ts';
import type { StoredSession, GpuSummary } from '../workload/sessions/schema.ts';
import type { Range } from '../history/range.ts';
import type { History } from '../history/history.ts';
import { incidentsIn, type Incident } from '../history/incident-text.ts';
import type { Gap } from '../telemetry/sampler.ts';
import type { SourceInfo } from '../telemetry/source.ts';
import type { Exposure } from '../wear/exposure.ts';
import { summariseGpu } from '../workload/sessions/summary.ts';

export type ReportRequest = { readonly gpuUuid: string; readonly fromMs: number; readonly toMs: number };

/** Everything a report says, before it is rendered. The renderings add nothing. */
export type Report = {
  readonly gpu: StoredGpu;
  readonly source: SourceInfo;
  readonly fromMs: number;
  readonly toMs: number;
  readonly createdMs: number;
  readonly summary: GpuSummary;
  readonly chart: Range;
  readonly gaps: readonly Gap[];
  readonly alerts: readonly StoredAlert[];
  readonly sessions: readonly StoredSession[];
  readonly incidents: readonly Incident[];
  /** modelled, over the card's whole recorded life */
  readonly exposure: Exposure | undefined;
};

/** Facts that only the running collector has. */
export type ReportContext = {
  readonly source: SourceInfo;
  readonly exposure: Exposure | undefined;
  readonly nowMs: number;
};

/** Where a report's data comes from. */
export type ReportSources = {
  readonly history: History;
  readonly sessions: SessionBook['sessions'];
  readonly alerts: AlertTable;
};

const CHART_BUCKETS = 640;

/** Collects a report from the history. Reads every sample of the period: do not run it on the sampling thread. */
export function collectReport(
  { history, sessions, alerts }: ReportSources,
  { gpuUuid, fromMs, toMs }: ReportRequest,
  context: ReportContext,
): Report | undefined {
  const gpu = history.gpus.list().find(({ uuid }) => uuid === gpuUuid);
  const chart = history.range({ gpuUuid, metrics: ['coreTempC', 'powerW'], fromMs, toMs, buckets: CHART_BUCKETS });
  if (!gpu || !chart) return undefined;
  return {
    gpu,
    chart,
    fromMs,
    toMs,
    source: context.source,
    createdMs: context.nowMs,
    exposure: context.exposure,
    summary: summariseGpu(gpuUuid, history.samplesBetween(gpuUuid, fromMs, toMs)),
    gaps: history.gaps(fromMs, toMs),
    incidents: incidentsIn(history.events.between(fromMs, toMs)).filter((event) => event.gpuUuid === gpuUuid),
    alerts: alerts.between(fromMs, toMs).filter((alert) => alert.gpuUuid === gpuUuid),
    sessions: sessions.between(fromMs, toMs).filter(({ gpus }) => gpus.length === 0 || gpus.includes(gpuUuid)),
  };
}
