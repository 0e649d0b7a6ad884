import type { ImportedSample } from '../history/importer.ts';
import type { GpuIdentity } from '../telemetry/source.ts';

/** Formats of an export. Each can be imported without loss. */
export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** A sample that is exported or imported. */
export type ExchangedSample = { readonly gpu: GpuIdentity; readonly sample: ImportedSample };
