import type { StoredAlert, StoredGpu } from '../history/records.ts';
import type { StoredSession } from '../workload/sessions/table.ts';
import type { Range } from '../history/range.ts';
import type { Store } from '../history/history.ts';
import type { Gap } from '../telemetry/sampler.ts';
import type { SourceInfo } from '../telemetry/source.ts';
import type { Exposure } from '../wear/exposure.ts';
import type { GpuSummary } from '../workload/sessions/summary.ts';

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
  /** modelled, over the card's whole recorded life */
  readonly exposure: Exposure | undefined;
};

/** What only the running collector knows. */
export type ReportContext = {
  readonly source: SourceInfo;
  readonly exposure: Exposure | undefined;
  readonly nowMs: number;
};

const CHART_BUCKETS = 640;

/** Gathers a report from the history. Reads every sample of the period: run it off the sampling thread. */
export function collectReport(
  store: Store,
  { gpuUuid, fromMs, toMs }: ReportRequest,
  context: ReportContext,
): Report | undefined {
  const gpu = store.gpus.list().find(({ uuid }) => uuid === gpuUuid);
  const chart = store.range({ gpuUuid, metrics: ['coreTempC', 'powerW'], fromMs, toMs, buckets: CHART_BUCKETS });
  if (!gpu || !chart) return undefined;
  return {
    gpu,
    chart,
    fromMs,
    toMs,
    source: context.source,
    createdMs: context.nowMs,
    exposure: context.exposure,
    summary: store.summarise(gpuUuid, fromMs, toMs),
    gaps: store.gaps(fromMs, toMs),
    alerts: store.alerts.between(fromMs, toMs).filter((alert) => alert.gpuUuid === gpuUuid),
    sessions: store.sessions.between(fromMs, toMs).filter(({ gpus }) => gpus.length === 0 || gpus.includes(gpuUuid)),
  };
}
