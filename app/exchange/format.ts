import type { ImportedSample } from '../history/importer.ts';
import type { GpuIdentity } from '../telemetry/source.ts';

/** Formats of an export. Each can be imported without loss. */
export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Formats of exported sessions. They are for spreadsheets and programs and cannot be imported again. */
export const sessionFormats = ['csv', 'json', 'parquet'] as const;
export type SessionFormat = (typeof sessionFormats)[number];

/** A sample that is exported or imported. */
export type ExchangedSample = { readonly gpu: GpuIdentity; readonly sample: ImportedSample };
