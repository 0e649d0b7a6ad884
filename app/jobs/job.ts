import type { ExportRequest } from '../exchange/export.node.ts';
import type { ImportCounts } from '../history/importer.ts';
import type { SessionFormat } from '../exchange/format.ts';
import type { PriceSettings } from '../workload/energy/tariff.ts';
import type { CheckReport } from './check.ts';

/** Sessions to a file, with their costs at these prices. */
export type SessionsRequest = {
  readonly format: SessionFormat;
  readonly target: string;
  readonly prices: PriceSettings & { readonly co2GramsPerKwh: number | null };
};

/** Long work on a history, in a thread with its own connection. */
export type HistoryJob = { readonly databaseFile: string } & (
  | { readonly kind: 'export'; readonly request: ExportRequest }
  | { readonly kind: 'sessions'; readonly request: SessionsRequest }
  | { readonly kind: 'import'; readonly file: string; readonly unverified?: boolean }
  | { readonly kind: 'check' }
  | { readonly kind: 'backup'; readonly target: string }
  | { readonly kind: 'compact' }
  | { readonly kind: 'upgrade' }
);
export const jobKinds = [
  'export',
  'sessions',
  'import',
  'check',
  'backup',
  'compact',
  'upgrade',
] as const satisfies readonly HistoryJob['kind'][];
export type JobKind = HistoryJob['kind'];

/** What each kind of job answers. */
export type JobAnswers = {
  /** samples written */
  export: number;
  /** sessions written */
  sessions: number;
  import: ImportCounts;
  check: CheckReport;
  /** bytes of the copy */
  backup: number;
  /** bytes before and after */
  compact: { readonly before: number; readonly after: number };
  /** where a damaged history was moved to, when it was found damaged on the way */
  upgrade: { readonly setAside: string | undefined };
};
