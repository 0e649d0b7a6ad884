import type { MakeReport } from './answers.ts';
import { ok, type Result } from '../core/result.ts';
import { startJob } from '../jobs/run-job.node.ts';
import { runReportJob } from '../report/job.node.ts';
import type { ReportRequest } from '../report/report.ts';
import { createReports } from '../report/reports.ts';
import type { ReportJob } from '../report/worker.node.ts';
import type { Settings } from '../settings/settings.ts';

export type ReportMakerOptions = {
  /** the folder of the built thread scripts, ending in a slash */
  readonly threads: URL;
  readonly databaseFile: string;
  /** what a report says about a card that is not in the history */
  readonly context: (gpuUuid: string) => ReportJob['context'];
  readonly settings: () => Settings;
};

/** Makes reports in a thread: HTML by the report's own, CSV by an export of the report's period and card. */
export function createReportMaker({ threads, databaseFile, context, settings }: ReportMakerOptions): MakeReport {
  async function exportCsv(target: string, { gpuUuid, fromMs, toMs }: ReportRequest): Promise<Result<string>> {
    const request = { format: 'csv', target, fromMs, toMs, metrics: [], gpuUuids: [gpuUuid] } as const;
    const written = await startJob(threads, { kind: 'export', databaseFile, request }).result;
    return written.ok ? ok(target) : written;
  }
  const report = createReports<ReportJob & { readonly format: 'html' | 'csv' }>(({ format, ...job }, signal) =>
    format === 'csv' && job.path !== undefined
      ? exportCsv(job.path, job.request)
      : runReportJob(new URL('report-worker.js', threads), job, signal),
  );
  return ({ gpuUuid, fromMs, toMs, format, path, locale }) =>
    report({
      databaseFile,
      request: { gpuUuid, fromMs, toMs },
      format,
      path,
      context: context(gpuUuid),
      language: { locale, settings: settings() },
    });
}
