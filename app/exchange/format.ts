import type { ImportedSample } from '../history/importer.ts';
import type { GpuIdentity } from '../telemetry/source.ts';

/** What a history can be exported to, and read back from to the bit. */
export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** A sample on its way out or in. */
export type ExchangedSample = { readonly gpu: GpuIdentity; readonly sample: ImportedSample };
