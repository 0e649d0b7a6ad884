import { gpuUuid, type TypeOf } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { frame } from '../metrics/schema.ts';
import { gapReasons } from './sampler.ts';
import { processTypes, witnesses } from './source.ts';
import { sourceKindIds } from './source-kinds.ts';

/** The UUID identifies a GPU permanently; the index is for display and may change between boots. */
export const gpuIdentity = z.object({
  uuid: gpuUuid,
  index: z.int(),
  name: z.string(),
  /** domain:bus:device.function as the driver prints it; '' if the source does not report it */
  pciBusId: z.string(),
  vbios: z.string().optional(),
  /** the driver's name of the design: "Ampere", "Ada Lovelace" */
  architecture: z.string().optional(),
});
export type GpuIdentity = TypeOf<typeof gpuIdentity>;

/** A process that holds memory or a context on a GPU. */
export const gpuProcess = z.object({
  pid: z.int(),
  name: z.string(),
  type: z.enum(processTypes).optional(),
  vramBytes: z.number().optional(),
  /** share of the SMs' time in the last period that the driver measured, % */
  smPct: z.number().optional(),
  /** under WDDM the driver hides memory, and on some cards the load, from NVML: Windows itself counted them */
  countedBy: z.literal('windows').optional(),
});
export type GpuProcess = TypeOf<typeof gpuProcess>;

/** A slice of a card in MIG mode. Utilisation cannot be measured for it. */
export const migInstance = z.object({
  index: z.int(),
  uuid: z.string().optional(),
  vramUsedBytes: z.number().optional(),
  vramTotalBytes: z.number().optional(),
});
export type MigInstance = TypeOf<typeof migInstance>;

/** Something the driver reported once: an Xid error. */
export const gpuEvent = z.object({
  gpuUuid,
  tsMs: z.number(),
  kind: z.literal('xid'),
  code: z.int(),
  /** the kernel's own words, if it has any */
  text: z.string().optional(),
  witness: z.enum(witnesses),
});
export type GpuEvent = TypeOf<typeof gpuEvent>;

export const gpuSample = z.object({
  gpu: gpuIdentity,
  frame,
  /** only on ticks of the slow cadence, and only from sources that report it */
  processes: z.array(gpuProcess).optional(),
  /** only in MIG mode, and on ticks on which it is read */
  mig: z.array(migInstance).optional(),
});
export type GpuSample = TypeOf<typeof gpuSample>;

/** What concerns the source as a whole: no driver, no answer, end of a CSV trace. A clean sample clears it. */
export const sourceFault = z.object({
  code: z.string(),
  message: z.string(),
  next: z.string().optional(),
  /** nothing is missing, but the user should know */
  level: z.enum(['warn']).optional(),
});
export type SourceFault = TypeOf<typeof sourceFault>;

/** What the source is: for banners, report headings and the "source" line beside every number. */
export const sourceInfo = z.object({
  kind: z.enum(sourceKindIds),
  /** for people: "NVML 12.575.57", "nvidia-smi 535.86", "Recording hot-3090.jsonl" */
  label: z.string(),
  driverVersion: z.string().optional(),
  /** true when a simulator made the numbers up; a recording of a real card is not simulated */
  simulated: z.boolean(),
  /** which of the catalogue's lists of names a frame's `via` points into; absent if the source has no names */
  names: z.enum(['nvml', 'xml', 'csv']).optional(),
  /** why a preferred source was not used, when `auto` chose */
  because: z.string().optional(),
});
export type SourceInfo = TypeOf<typeof sourceInfo>;

/** A stretch of time without samples. Nothing is integrated across it. */
export const gap = z.object({ fromMs: z.number(), toMs: z.number(), reason: z.enum(gapReasons) });
export type Gap = TypeOf<typeof gap>;

/** One moment of all GPUs, as it travels from the sampler through history, wear and alerts to the window. */
export const tick = z.object({
  /** counts from 1 within one run of the collector */
  seq: z.int(),
  /** wall clock, ms since 1970 */
  tsMs: z.number(),
  /** time since the previous tick by the monotonic clock, ms; undefined after a gap and at the start */
  dtMs: z.number().optional(),
  /**
   * the monotonic clock plus the time in suspend, ms: the distance of two ticks, whatever the wall clock did meanwhile;
   * absent if a tick did not come from a sampler
   */
  axisMs: z.number().optional(),
  /** the gap that this tick ends */
  gap: gap.optional(),
  gpus: z.array(gpuSample),
  source: sourceInfo,
  fault: sourceFault.optional(),
  /** what the driver reported since the previous tick */
  events: z.array(gpuEvent).optional(),
  /** how long the source took to answer, ms */
  readMs: z.number(),
});
/** `dtMs` is always given, so that no code forgets that it can be undefined. */
export type Tick = TypeOf<typeof tick> & { readonly dtMs: number | undefined };
