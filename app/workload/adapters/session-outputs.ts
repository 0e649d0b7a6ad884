import type { Outputs } from '../sessions/schema.ts';
import type { ServerStatus } from './adapter.ts';
import type { CounterId } from './ids.ts';
import { createTally, type Marks } from './outputs.ts';

/** Units whose outputs get a mark each. Tokens would get one per request of their status. */
const MARKED: ReadonlySet<Outputs['unit']> = new Set(['image', 'file', 'line']);

/** Two statuses farther apart than this say nothing about the time between them. */
const LONGEST_STEP_MS = 10_000;

/** Mean of the steps per second that a program reported while it worked. */
function createMean() {
  let sum = 0;
  let count = 0;
  return {
    add(value: number): void {
      sum += value;
      count++;
    },
    speed: (): Outputs['speed'] => (count > 0 ? { value: sum / count, unit: 'it/s' } : undefined),
  };
}

/**
 * How long a server generated: by its own counter, or else the time between statuses that report a request in progress. A
 * counter that adds up requests runs faster than time while there are several, so it is limited by the time that was seen.
 */
function createGeneratingTime() {
  const counted = createTally();
  const seen = createTally();
  let seenMs = 0;
  let before: { readonly atMs: number; readonly running: boolean } | undefined;
  let several = false;
  return {
    add({ generatingMs, running = 0 }: ServerStatus, nowMs: number): void {
      if (generatingMs !== undefined) counted.add(generatingMs, nowMs);
      const stepMs = before ? nowMs - before.atMs : 0;
      if (before?.running && running > 0 && stepMs > 0 && stepMs <= LONGEST_STEP_MS) seenMs += stepMs;
      seen.add(seenMs, nowMs);
      before = { atMs: nowMs, running: running > 0 };
      several ||= running > 1;
    },
    beginAt(startedMs: number): void {
      counted.beginAt(startedMs);
      seen.beginAt(startedMs);
    },
    /** ms; 0: not known */
    ms(): number {
      if (counted.total() === 0) return seen.total();
      return several && seen.total() > 0 ? Math.min(counted.total(), seen.total()) : counted.total();
    },
  };
}

/** Collects what a program produces during one session, from the statuses that it reports. */
export function createSessionOutputs() {
  const generated = createTally();
  const prompt = createTally();
  const cached = createTally();
  const generating = createGeneratingTime();
  const steps = createMean();
  let unit: Outputs['unit'] | undefined;
  let atLeast = false;
  let promptAtLeast = false;
  let readsPrompts = false;
  let readsCache = false;

  function speedOf(): Outputs['speed'] {
    if (unit !== 'token') return steps.speed();
    const [count, ms] = [generated.total(), generating.ms()];
    return count > 0 && ms > 0 ? { value: (count / ms) * 1000, unit: 'tok/s' } : undefined;
  }

  return {
    add(status: ServerStatus, nowMs: number): void {
      const { made, promptTokens, cachedPromptTokens, speed, running } = status;
      atLeast ||= status.atLeast === true;
      promptAtLeast ||= status.promptAtLeast === true;
      if (made) {
        unit = made.unit;
        generated.add(made.count, nowMs);
      }
      readsPrompts ||= promptTokens !== undefined;
      readsCache ||= cachedPromptTokens !== undefined;
      if (promptTokens !== undefined) prompt.add(promptTokens, nowMs);
      if (cachedPromptTokens !== undefined) cached.add(cachedPromptTokens, nowMs);
      generating.add(status, nowMs);
      if (speed && speed.value > 0 && running) steps.add(speed.value);
    },
    /** A session began at that moment. Only outputs since then count. */
    beginAt(startedMs: number): void {
      for (const tally of [generated, prompt, cached, generating]) tally.beginAt(startedMs);
    },
    /** @param failed the program cannot be asked now, so outputs may be missing. Undefined: outputs are not counted. */
    outputs(countedBy: CounterId, failed: boolean): Outputs | undefined {
      if (unit === undefined) return undefined;
      const speed = speedOf();
      return {
        unit,
        count: generated.total(),
        countedBy,
        ...(readsPrompts && { promptTokens: prompt.total() }),
        ...(readsPrompts && promptAtLeast && { promptAtLeast }),
        ...(readsCache && { cachedPromptTokens: cached.total() }),
        ...(speed && { speed }),
        ...((failed || atLeast) && { atLeast: true }),
      };
    },
    marks: (): Marks | undefined => (unit !== undefined && MARKED.has(unit) ? generated.marks() : undefined),
  };
}
