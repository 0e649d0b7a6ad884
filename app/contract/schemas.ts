import * as z from 'zod';
import { severities } from '../alerts/rules.ts';
import { resolutions } from '../history/range.ts';
import { eventKinds } from '../history/events.ts';
import { identifier } from '../core/identifier.ts';
import { isMetricKey, metrics } from '../metrics/metrics.ts';
import { errorCodes, type Result } from '../core/result.ts';
import { gapReasons } from '../telemetry/sampler.ts';
import { processTypes, witnesses } from '../telemetry/source.ts';
import { governorDeeds, limitKeys } from '../governor/policy.ts';

// Pages forbid eval: schemas are interpreted, not compiled.
z.config({ jitless: true });

/** a GPU of the history: looked up as a bound parameter, so any stored identifier will do */
export const gpuUuid = z.string().min(1).max(128);
/** a GPU that something is to be done to: it may reach the limit helper */
export const controlledGpu = z.string().regex(identifier, 'not the identifier of a GPU');
export const metricKey = z
  .string()
  .refine(isMetricKey)
  .transform((key) => key);
/** ms since 1970: any moment that a Date can hold */
export const moment = z.number().min(-8.64e15).max(8.64e15);

const ordered = <T extends { fromMs: number; toMs: number }>(range: T) => range.toMs > range.fromMs;
export const timeRange = z.strictObject({ fromMs: moment, toMs: moment }).refine(ordered, 'toMs must be after fromMs');

export const rangeRequest = z
  .strictObject({
    gpuUuid,
    metrics: z.array(metricKey).min(1).max(metrics.length),
    fromMs: moment,
    toMs: moment,
    buckets: z.int().min(1).max(4000),
  })
  .refine(ordered, 'toMs must be after fromMs');

// not z.instanceof: its type would refuse arrays over shared memory, which are copied like any other
const f64 = z.custom<Float64Array>((value) => value instanceof Float64Array);
const u16 = z.custom<Uint16Array>((value) => value instanceof Uint16Array);
const u8 = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
export const band = z.object({ low: z.number(), mid: z.number(), high: z.number() });
export const gap = z.object({ fromMs: z.number(), toMs: z.number(), reason: z.enum(gapReasons) });

export const range = z.object({
  fromMs: z.number(),
  stepMs: z.number(),
  series: z.record(z.string(), z.object({ min: f64, mean: f64, max: f64 })),
  counts: f64,
  gaps: z.array(gap),
  resolution: z.enum(resolutions),
});

export const event = z.object({
  id: z.int(),
  gpuUuid: gpuUuid.nullable(),
  kind: z.enum(eventKinds),
  fromMs: z.number(),
  toMs: z.number(),
  detail: z.string(),
});

export const totals = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  observedMs: z.number(),
  asleepMs: z.number(),
  unobservedMs: z.number(),
  energyJ: z.number(),
  throttledMs: z.object({ 'power-cap': z.number(), heat: z.number(), 'power-brake': z.number() }),
});

export const storage = z.object({
  fileBytes: z.number(),
  freeBytes: z.number(),
  openRows: z.number(),
  gpus: z.array(
    z.object({
      gpuUuid,
      gpuName: z.string(),
      samples: z.number(),
      bytes: z.number(),
      rollupBytes: z.number(),
      fromMs: z.number().nullable(),
      toMs: z.number().nullable(),
    }),
  ),
});

export const gpuIdentity = z.object({
  uuid: gpuUuid,
  index: z.int(),
  name: z.string(),
  pciBusId: z.string(),
  vbios: z.string().optional(),
  architecture: z.string().optional(),
});

export const storedGpu = gpuIdentity.extend({ id: z.int(), firstSeenMs: z.number(), lastSeenMs: z.number() });

export const alert = z.object({
  id: z.int(),
  gpuUuid,
  gpuName: z.string(),
  rule: z.string(),
  severity: z.enum(severities),
  firedMs: z.number(),
  clearedMs: z.number().nullable(),
  value: z.number(),
  threshold: z.number(),
  peak: z.number(),
});

const capNow = z.object({ gpuUuid, capW: z.number() });
export const governorStatus = z.object({
  enabled: z.boolean(),
  held: z.array(z.object({ program: z.string(), why: z.enum(limitKeys), sinceMs: z.number() })),
  /** in force now */
  caps: z.array(capNow.extend({ by: z.enum(['hand', 'governor']) })),
  pending: z.array(capNow.extend({ untilMs: z.number() })),
  log: z.array(
    z.object({
      tsMs: z.number(),
      gpuUuid: z.string(),
      what: z.enum(governorDeeds),
      why: z.string(),
      capW: z.number().optional(),
      program: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
});

const frame = z.object({ values: f64, states: u8, reasons: u16, derived: u8, via: u8 });
const fault = z.object({
  code: z.string(),
  message: z.string(),
  next: z.string().optional(),
  level: z.enum(['warn']).optional(),
});
export const sourceInfo = z.object({
  kind: z.enum(['nvml', 'nvidia-smi', 'replay', 'simulator']),
  label: z.string(),
  driverVersion: z.string().optional(),
  simulated: z.boolean(),
  names: z.enum(['nvml', 'xml', 'csv']).optional(),
  because: z.string().optional(),
});
const process = z.object({
  pid: z.int(),
  name: z.string(),
  type: z.enum(processTypes).optional(),
  vramBytes: z.number().optional(),
  smPct: z.number().optional(),
  countedBy: z.literal('windows').optional(),
});
const migInstance = z.object({
  index: z.int(),
  uuid: z.string().optional(),
  vramUsedBytes: z.number().optional(),
  vramTotalBytes: z.number().optional(),
});
export const gpuEvent = z.object({
  gpuUuid,
  tsMs: z.number(),
  kind: z.literal('xid'),
  code: z.int(),
  text: z.string().optional(),
  witness: z.enum(witnesses),
});

export const storedXid = gpuEvent.omit({ kind: true }).extend({ id: z.int(), gpuName: z.string() });

export const tick = z.object({
  seq: z.int(),
  tsMs: z.number(),
  dtMs: z.number().optional(),
  gap: gap.optional(),
  gpus: z.array(
    z.object({ gpu: gpuIdentity, frame, processes: z.array(process).optional(), mig: z.array(migInstance).optional() }),
  ),
  source: sourceInfo,
  fault: fault.optional(),
  events: z.array(gpuEvent).optional(),
  readMs: z.number(),
});

/** what recording costs the machine: see app/cost.node.ts */
export const cost = z.object({
  cpuPct: z.number(),
  rssBytes: z.number(),
  readMs: z.number(),
  cpuMsATick: z.number(),
  kept: z.int(),
  lost: z.int(),
  intervalMs: z.number(),
});
export const ownCost = z.object({
  collector: cost,
  /** all processes of the window's application together; shared memory is counted in each */
  application: z.object({ cpuPct: z.number(), memoryBytes: z.number() }),
});

export const appError = z.object({ code: z.enum(errorCodes), message: z.string(), next: z.string().optional() });

export const job = z.object({
  id: z.int(),
  kind: z.enum(['export', 'import', 'check', 'backup', 'compact', 'upgrade']),
  state: z.enum(['waiting', 'running', 'done', 'cancelled', 'failed']),
  share: z.number(),
  path: z.string().optional(),
  problems: z.array(z.string()).optional(),
  error: appError.optional(),
});

/** Every answer across a process boundary: a value of the channel's own schema, or a coded error. */
export const resultOf = <T extends z.ZodType>(value: T): z.ZodType<Result<z.output<T>>> =>
  z.union([
    z.object({ ok: z.literal(true), value }),
    z.object({ ok: z.literal(false), error: appError }),
  ]) as unknown as z.ZodType<Result<z.output<T>>>;
