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
  /** ms for which the card gave at least one of its usual readings */
  observedMs: z.number(),
  /** ms of the session whose energy is not known: nothing was recorded, or the card gave no reading. Absent: none */
  unrecordedMs: z.number().optional(),
  /** outputs that were complete in recorded time, where some time was not recorded; absent there: not known */
  outputsRecorded: z.number().optional(),
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
  /** ms in which the card worked (programs.ts, LOADED_UTIL_PCT) and the session had a part in it; absent: not reported */
  activeMs: z.number().optional(),
  /** J of `energyJ` in that time */
  activeJ: z.number().optional(),
  /** J of `energyJ` above what the card draws when idle */
  aboveIdleJ: z.number().optional(),
  /** W that the card draws when idle */
  idleW: z.number().optional(),
  /** `energyJ` by the time of its use, so that any tariff can price it */
  slots: z.array(energySlot).optional(),
  peakTempC: z.number().optional(),
  meanTempC: z.number().optional(),
  /** ms throttled, by cause; a cause is absent where it is not known */
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
  /** of tokens: those generated */
  count: z.number(),
  countedBy: z.enum(counterIds),
  /** tokens of prompts, as the server counts them; absent: not reported */
  promptTokens: z.number().optional(),
  /** some answers did not report their prompt: there were `promptTokens` or more */
  promptAtLeast: z.boolean().optional(),
  /** those of `promptTokens` that came from a cache; absent: not reported */
  cachedPromptTokens: z.number().optional(),
  /** generated tokens per second of generating, or the mean of the steps per second that the program reported */
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

export const sessionSummary = z.object({
  gpus: z.array(gpuSummary),
  workload: workload.optional(),
  /** its processes that were on a card: they may stay there, loaded and idle, after the session */
  pids: z.array(z.int()).optional(),
});
export type SessionSummary = Plain<z.infer<typeof sessionSummary>>;

/** What a model cost that stayed loaded while no session ran on its card. An estimate from the means of minutes. */
export const idleModel = z.object({
  program: z.string(),
  /** absent: not known, or several one after the other */
  model: z.string().optional(),
  adapter: z.enum(counterIds).optional(),
  gpuUuids: z.array(z.string()),
  /** ms of recorded time */
  idleMs: z.number(),
  /** J that its cards drew in that time; divided evenly among several loaded models */
  energyJ: z.number(),
  /** J of these that its cards do not draw without a loaded model; absent: they were not seen without one */
  aboveJ: z.number().optional(),
  /** `energyJ` by quarter of an hour */
  slots: z.array(energySlot),
});
export type IdleModel = Plain<z.infer<typeof idleModel>>;

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
  /** names of the sessions with which it used a card while their shares are not known */
  sharedWith: z.array(z.string()).optional(),
});
export type StoredSession = Plain<z.infer<typeof storedSession>>;
