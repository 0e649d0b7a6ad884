import { float64Array, gpuUuid, moment, ordered, type TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { metrics } from '../metrics/metrics.ts';
import { metricKey } from '../metrics/schema.ts';
import { gap, gpuEvent, gpuIdentity } from '../telemetry/schema.ts';
import { eventKinds } from './events.ts';
import { lastReadings } from './last-readings.ts';
import { resolutions } from './range.ts';

export const storedGpu = gpuIdentity.extend({ id: z.int(), firstSeenMs: z.number(), lastSeenMs: z.number() });
export type StoredGpu = TypeOf<typeof storedGpu>;

export const storedXid = gpuEvent.omit({ kind: true }).extend({ id: z.int(), gpuName: z.string() });
export type StoredXid = TypeOf<typeof storedXid>;

export const storedEvent = z.object({
  id: z.int(),
  /** null: all GPUs */
  gpuUuid: gpuUuid.nullable(),
  kind: z.enum(eventKinds),
  fromMs: z.number(),
  toMs: z.number(),
  /** driver: the version; lost: who reported it; stopped: what is known about the shutdown */
  detail: z.string(),
  /** lost, reset, stopped: what the card showed last before it; null: nothing was seen */
  last: lastReadings.nullable(),
  /** lost, reset, stopped: how often it happened to this card up to this one, and at which power; null for other kinds */
  times: z.object({ count: z.int(), lowW: z.number().nullable(), highW: z.number().nullable() }).nullable(),
});
export type StoredEvent = TypeOf<typeof storedEvent>;

export const rangeQuery = z
  .strictObject({
    gpuUuid,
    metrics: z.array(metricKey).min(1).max(metrics.length),
    fromMs: moment,
    toMs: moment,
    /** at most this many buckets are returned: the width of the chart in pixels */
    buckets: z.int().min(1).max(4000),
  })
  .refine(ordered, 'toMs must be after fromMs');
export type RangeQuery = TypeOf<typeof rangeQuery>;

/** Equal slices of time. NaN where nothing was observed: never 0, never the last value again. */
const series = z.object({ min: float64Array, mean: float64Array, max: float64Array });
export type Series = TypeOf<typeof series>;

export const range = z.object({
  fromMs: z.number(),
  stepMs: z.number(),
  series: z.partialRecord(z.enum(metrics.map(({ key }) => key)), series),
  /** samples behind each bucket, over all metrics asked for; 0: unobserved */
  counts: float64Array,
  gaps: z.array(gap),
  resolution: z.enum(resolutions),
});
export type Range = TypeOf<typeof range>;

export const totals = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  /** the card gave readings */
  observedMs: z.number(),
  asleepMs: z.number(),
  /** not running, suspended, driver not responding, or before the first sample: nothing is claimed about this time */
  unobservedMs: z.number(),
  energyJ: z.number(),
  throttledMs: z.object({ 'power-cap': z.number(), heat: z.number(), 'power-brake': z.number() }),
});
export type Totals = TypeOf<typeof totals>;

/** What one GPU occupies on the disk. */
const gpuStorage = z.object({
  gpuUuid,
  gpuName: z.string(),
  /** sealed samples */
  samples: z.number(),
  bytes: z.number(),
  rollupBytes: z.number(),
  fromMs: z.number().nullable(),
  toMs: z.number().nullable(),
});
export type GpuStorage = TypeOf<typeof gpuStorage>;

export const storage = z.object({
  /** the file, without its write-ahead log */
  fileBytes: z.number(),
  /** unused room inside the file: the next samples fill it, or it is returned to the disk */
  freeBytes: z.number(),
  openRows: z.number(),
  gpus: z.array(gpuStorage),
});
export type Storage = TypeOf<typeof storage>;

/** What a retention rule would delete now, and up to which moment. */
export const retentionPreview = z.object({
  bytes: z.number(),
  samples: z.number(),
  /** hours of the clock that lose their full resolution, and on how many GPUs */
  hours: z.int(),
  gpus: z.int(),
  beforeMs: z.number().nullable(),
});
export type RetentionPreview = TypeOf<typeof retentionPreview>;

/** A retention limit as it is shown. */
export const shownLimit = z.object({
  /** nothing is deleted by it: the settings do not give it */
  suspended: z.boolean(),
  inForce: z.number().nullable(),
  /** a tighter limit that waits, and the moment from which it deletes */
  pending: z.object({ value: z.number(), fromMs: z.number() }).nullable(),
});
export type ShownLimit = TypeOf<typeof shownLimit>;
