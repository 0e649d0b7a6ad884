import { z } from '../../core/zod.ts';
import type { Plain } from '../../core/schema.ts';
import type { ThrottleCause } from '../../metrics/throttle-reasons.ts';
import { counterIds, outputUnits, speedUnits } from '../adapters/ids.ts';
import { energySlot, energyWhys, unseenEnergy, valueRange } from '../energy/schema.ts';
import { evidences, workloadKinds } from '../programs/kinds.ts';

const throttleCauses = {
  idle: 'idle',
  setting: 'setting',
  'power-cap': 'power-cap',
  heat: 'heat',
  'power-brake': 'power-brake',
  unclear: 'unclear',
} as const satisfies { readonly [C in ThrottleCause]: C };

/** What a session did to one GPU. A value is absent where nothing was observed. */
export const gpuSummary = z.object({
  gpuUuid: z.string(),
  /** ms between samples, without gaps */
  observedMs: z.number(),
  /** J of this session alone: its share where shares are known, otherwise nothing of what was used together */
  energyJ: z.number().optional(),
  /** J between which the true value lies: the sensor's ±5 %, the ends, and what was not seen */
  energyRangeJ: valueRange.optional(),
  /** the card's energy counter, or power integrated between samples where it has none */
  energyFrom: z.enum(['counter', 'power']).optional(),
  /** counter and power contradict each other: which one is used, and why */
  energyWhy: z.enum(energyWhys).optional(),
  /** part of the range's upper end: what the card may have used at most in time without readings */
  unseen: unseenEnergy.optional(),
  /** J used while several sessions worked and their shares are unknown: the same joules appear in each of them */
  sharedJ: z.number().optional(),
  /** J of `energyJ` above what the card draws when idle */
  aboveIdleJ: z.number().optional(),
  /** W that the card draws when idle */
  idleW: z.number().optional(),
  /** `energyJ` by the time of its use, so that any tariff can price it */
  slots: z.array(energySlot).optional(),
  peakTempC: z.number().optional(),
  meanTempC: z.number().optional(),
  /** ms throttled, by cause; absent where the card does not report it */
  throttledMs: z.partialRecord(z.enum(throttleCauses), z.number()).optional(),
  /** hours at the reference profile, wear family M1 */
  equivalentHours: z.object({ low: z.number(), mid: z.number(), high: z.number() }).optional(),
  /** J of each output whose end was observed, in order */
  outputsJ: z.array(z.number()).optional(),
});
export type GpuSummary = Plain<z.infer<typeof gpuSummary>>;

/** What a session produced, and who counted it. */
export const outputs = z.object({
  unit: z.enum(outputUnits),
  count: z.number(),
  countedBy: z.enum(counterIds),
  /** tokens read, as opposed to generated */
  promptTokens: z.number().optional(),
  /** the mean of what the program reported while it worked */
  speed: z.object({ value: z.number(), unit: z.enum(speedUnits) }).optional(),
  /** some outputs may have been missed: the true count is this or more */
  atLeast: z.boolean().optional(),
  /** outputs of further kinds. Energy per output is unknown then: nothing tells what each kind used. */
  others: z.array(z.object({ unit: z.enum(outputUnits), count: z.number() })).optional(),
});
export type Outputs = Plain<z.infer<typeof outputs>>;

/** What caused the load, as far as it was recognised, and what it produced. */
export const workload = z.object({
  kind: z.enum(workloadKinds),
  /** started with a command of the user, or detected by Slowburn */
  found: z.enum(['by-hand', 'detected']),
  program: z.string().optional(),
  evidence: z.enum(evidences).optional(),
  model: z.string().optional(),
  outputs: outputs.optional(),
  adapter: z.enum(counterIds).optional(),
  /** why the program's own figures are missing or not reliable, as a sentence */
  note: z.string().optional(),
  /** W of the power limit during the session: it tells the sessions of a sweep apart */
  capW: z.number().optional(),
});
export type Workload = Plain<z.infer<typeof workload>>;

export const sessionSummary = z.object({ gpus: z.array(gpuSummary), workload: workload.optional() });
export type SessionSummary = Plain<z.infer<typeof sessionSummary>>;

/** A session as it is stored. Times are ms since 1970. */
export const storedSession = z.object({
  id: z.int(),
  name: z.string(),
  command: z.string(),
  startedMs: z.number(),
  /** null: it is running */
  endedMs: z.number().nullable(),
  exitCode: z.number().nullable(),
  /** UUIDs of the GPUs that its processes were seen on; empty: they were seen on none, so all GPUs are counted */
  gpus: z.array(z.string()),
  summary: sessionSummary.nullable(),
});
export type StoredSession = Plain<z.infer<typeof storedSession>>;
