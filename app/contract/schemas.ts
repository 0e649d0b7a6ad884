import { gpuUuid } from '../core/schema.ts';
import { z } from '../core/zod.ts';
import { outputUnits } from '../workload/adapters/outputs.ts';
import { adapterIds, workloadKinds } from '../workload/programs/generators.ts';
import { evidences } from '../workload/programs/match.ts';

export const band = z.object({ low: z.number(), mid: z.number(), high: z.number() });

export const gpuSummary = z.object({
  gpuUuid,
  observedMs: z.number(),
  energyJ: z.number().optional(),
  energyRangeJ: z.object({ low: z.number(), high: z.number() }).optional(),
  energyFrom: z.enum(['counter', 'power']).optional(),
  sharedJ: z.number().optional(),
  aboveIdleJ: z.number().optional(),
  idleW: z.number().optional(),
  slots: z.array(z.object({ fromMs: z.number(), energyJ: z.number() })).optional(),
  peakTempC: z.number().optional(),
  meanTempC: z.number().optional(),
  throttledMs: z.record(z.string(), z.number()).optional(),
  equivalentHours: band.optional(),
  outputsJ: z.array(z.number()).optional(),
});

export const outputs = z.object({
  unit: z.enum(outputUnits),
  count: z.number(),
  countedBy: z.enum(adapterIds),
  promptTokens: z.number().optional(),
  speed: z.object({ value: z.number(), unit: z.enum(['it/s', 'tok/s']) }).optional(),
  atLeast: z.boolean().optional(),
});

export const workload = z.object({
  kind: z.enum(workloadKinds),
  found: z.enum(['by-hand', 'detected']),
  program: z.string().optional(),
  evidence: z.enum(evidences).optional(),
  model: z.string().optional(),
  outputs: outputs.optional(),
  adapter: z.enum(adapterIds).optional(),
  note: z.string().optional(),
  capW: z.number().optional(),
});

export const session = z.object({
  id: z.int(),
  name: z.string(),
  command: z.string(),
  startedMs: z.number(),
  endedMs: z.number().nullable(),
  exitCode: z.number().nullable(),
  gpus: z.array(gpuUuid),
  summary: z.object({ gpus: z.array(gpuSummary), workload: workload.optional() }).nullable(),
});
