import { z } from '../core/zod.ts';
import { isMetricKey, metricIndex, metricOf, type Metric } from '../metrics/metrics.ts';
import { createFrame, hasValue } from '../metrics/frame.ts';
import type { GpuIdentity } from '../telemetry/source.ts';
import type { ExchangedSample } from './format.ts';
import { putReadings, reasonsText, statesText } from './states-text.ts';

export const HISTORY_FORMAT = 'slowburn-history';

/** The first line of an export as JSON lines, and the metadata of one as Parquet. */
export const exportHeader = z.object({
  format: z.literal(HISTORY_FORMAT),
  version: z.literal(1),
  metrics: z.array(z.string()),
  gpus: z.array(
    z.object({
      uuid: z.string().min(1),
      index: z.int(),
      name: z.string(),
      pciBusId: z.string(),
      vbios: z.string().optional(),
    }),
  ),
});
export type ExportHeader = z.infer<typeof exportHeader>;

/** The first line of an export: its format, metrics and GPUs. */
export const headerOf = (gpus: readonly GpuIdentity[], metrics: readonly Metric[]): string =>
  JSON.stringify({
    format: HISTORY_FORMAT,
    version: 1,
    metrics: metrics.map(({ key }) => key),
    gpus: gpus.map(({ uuid, index, name, pciBusId, vbios }) => ({ uuid, index, name, pciBusId, vbios })),
  } satisfies ExportHeader);

/** One sample without its check: `t` in ms since 1970, `dt` null after a gap, values by key, states as in a CSV. */
export function jsonLine({ gpu, sample }: ExchangedSample, metrics: readonly Metric[]): string {
  const { tsMs, dtMs, frame } = sample;
  const values = Object.fromEntries(
    metrics.flatMap(({ key }) => {
      const i = metricIndex[key];
      return hasValue(frame, i) ? [[key, frame.values[i]!]] : [];
    }),
  );
  const reasons = reasonsText(frame, metrics);
  return JSON.stringify({
    t: tsMs,
    dt: dtMs ?? null,
    gpu: gpu.uuid,
    values,
    states: statesText(frame, metrics),
    ...(reasons ? { reasons } : {}),
  });
}

const lineSchema = z.object({
  t: z.number(),
  dt: z.number().nullable(),
  gpu: z.string(),
  values: z.record(z.string(), z.number()),
  states: z.string(),
  reasons: z.string().optional(),
});

/** A reader for the lines below a header. An unreadable line is undefined. */
export function jsonReader({ gpus, metrics }: ExportHeader): (line: string) => ExchangedSample | undefined {
  const identities = new Map(gpus.map((gpu) => [gpu.uuid, gpu as GpuIdentity]));
  const columns = metrics.map((key) => (isMetricKey(key) ? metricOf(key) : undefined));
  return (text) => {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return undefined; // the caller says which line it is
    }
    const line = lineSchema.safeParse(json);
    const gpu = line.data && identities.get(line.data.gpu);
    if (!line.success || !gpu) return undefined;
    const { t, dt, values, states, reasons = '' } = line.data;
    const frame = createFrame();
    if (!putReadings(frame, columns, (column) => values[metrics[column]!], states, reasons)) return undefined;
    return { gpu, sample: { tsMs: t, dtMs: dt, frame } };
  };
}
