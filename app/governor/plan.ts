import { valueOf } from '../metrics/frame.ts';
import type { Tick } from '../telemetry/sampler.ts';
import type { Program } from '../workload/programs/programs.ts';
import type { CardLimits } from './cards.ts';
import { limitKeys, type LimitKey, type Policy } from './policy.ts';

/** A card without readings for this long is not governed: the governor never acts without data. */
export const BLIND_MS = 10_000;

/** What the governor remembers about one card. Times are monotonic. */
export type CardState = {
  readonly policy: Policy;
  /** the last tick with a temperature or power reading */
  seenMs: number;
  /** power limit in force that the governor has set; undefined: the card's own */
  limitW: number | undefined;
  /** after a refusal no limit is tried before this */
  retryMs: number;
  /** limits that are exceeded and were reported */
  reported: ReadonlySet<LimitKey>;
};

export const newCard = (policy: Policy): CardState => ({
  policy,
  seenMs: -Infinity,
  limitW: undefined,
  retryMs: -Infinity,
  reported: new Set(),
});

/** One step towards the desired state. Steps are applied in order; one that is already true does nothing. */
export type GovernorStep =
  | { readonly kind: 'report'; readonly gpuUuid: string; readonly why: LimitKey }
  | { readonly kind: 'limit'; readonly gpuUuid: string; readonly limitW: number | undefined; readonly why: string }
  | { readonly kind: 'hold'; readonly gpuUuid: string; readonly program: Program; readonly why: LimitKey }
  | { readonly kind: 'resume'; readonly gpuUuid: string; readonly key: string };

export type PlanInput = {
  readonly tick: Tick;
  readonly nowMs: number;
  readonly cardOf: (gpuUuid: string) => CardState;
  readonly cards: ReadonlyMap<string, CardState>;
  readonly limitsOf: (gpuUuid: string) => CardLimits | undefined;
  readonly stressHours: (gpuUuid: string, tsMs: number) => number | undefined;
  readonly programs: readonly Program[];
  /** keys of programs that are held or were asked to pause */
  readonly pausing: readonly string[];
};

/** Reports limits that are newly exceeded, then sets the power limit: the mildest means comes first. */
function planCard(input: PlanInput, gpuUuid: string, frame: Tick['gpus'][number]['frame']) {
  const { tick, nowMs } = input;
  const card = input.cardOf(gpuUuid);
  const [tempC, powerW] = [valueOf(frame, 'coreTempC'), valueOf(frame, 'powerW')];
  if (tempC !== undefined || powerW !== undefined) card.seenMs = nowMs;
  const decision = card.policy.decide({
    tsMs: tick.tsMs,
    tMs: nowMs,
    tempC,
    powerW,
    stressHours: input.stressHours(gpuUuid, tick.tsMs),
    limitRange: input.limitsOf(gpuUuid),
  });
  const steps: GovernorStep[] = decision.passed
    .filter((why) => !card.reported.has(why))
    .map((why) => ({ kind: 'report', gpuUuid, why }));
  card.reported = new Set(limitKeys.filter((key) => decision.passed.includes(key)));
  if (nowMs - card.seenMs <= BLIND_MS) {
    steps.push({ kind: 'limit', gpuUuid, limitW: decision.limitW, why: decision.changed?.why ?? 'temperature' });
  }
  return { steps, hold: decision.hold };
}

/** All steps of one tick. No I/O: only the states of the cards and their policies change. */
export function planTick(input: PlanInput): GovernorStep[] {
  const { tick, nowMs, cards, programs, pausing } = input;
  const steps: GovernorStep[] = [];
  const wanted = new Map<string, { readonly why: LimitKey; readonly gpuUuid: string }>();
  for (const { gpu, frame } of tick.gpus) {
    const plan = planCard(input, gpu.uuid, frame);
    steps.push(...plan.steps);
    if (plan.hold === undefined) continue;
    for (const { match, gpuUuids, key } of programs)
      if (match && gpuUuids.includes(gpu.uuid)) wanted.set(key, { why: plan.hold, gpuUuid: gpu.uuid });
  }
  for (const [gpuUuid, { policy, limitW, seenMs }] of cards) {
    if (limitW === undefined || nowMs - seenMs <= BLIND_MS) continue;
    policy.reset();
    steps.push({ kind: 'limit', gpuUuid, limitW: undefined, why: 'telemetry-lost' });
  }
  for (const program of programs) {
    const wish = wanted.get(program.key);
    if (wish) steps.push({ kind: 'hold', program, ...wish });
  }
  const gpuUuid = tick.gpus[0]?.gpu.uuid ?? '';
  for (const key of pausing) if (!wanted.has(key)) steps.push({ kind: 'resume', key, gpuUuid });
  return steps;
}
