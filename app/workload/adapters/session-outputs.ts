import type { Outputs } from '../sessions/schema.ts';
import type { Made, ServerStatus } from './adapter.ts';
import type { CounterId, OutputUnit } from './ids.ts';
import { createTally, type Marks } from './outputs.ts';

/** Units whose outputs get a mark each, those that take longest first. Tokens would get one per request of their status. */
const MARKED: readonly OutputUnit[] = ['video', 'model-3d', 'audio', 'image', 'file', 'line'];

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
  const made = new Map<OutputUnit, ReturnType<typeof createTally>>();
  const prompt = createTally();
  const cached = createTally();
  const generating = createGeneratingTime();
  const steps = createMean();
  /** moments at which outputs may have been missed, so that one before the session does not count */
  const missed = createTally();
  const inexact = createTally();
  let gaps = 0;
  let promptAtLeast = false;
  let readsPrompts = false;
  let readsCache = false;
  missed.add(0, 0);

  function note({ unit, count }: Made, nowMs: number): void {
    const tally = made.get(unit) ?? createTally();
    // a kind that comes later began at 0
    if (!made.has(unit) && made.size > 0) tally.add(0, nowMs);
    made.set(unit, tally);
    tally.add(count, nowMs);
  }

  /** What was made, the kind that takes longest first. Where nothing was, the kind that the program counts. */
  function counted(): readonly Made[] {
    const all = [...made].map(([unit, tally]) => ({ unit, count: tally.total() }));
    const some = all.filter(({ count }) => count > 0);
    const rank = ({ unit }: Made): number => (MARKED.includes(unit) ? MARKED.indexOf(unit) : MARKED.length);
    return some.length > 0 ? some.sort((a, b) => rank(a) - rank(b)) : all.slice(0, 1);
  }

  function speedOf({ unit, count }: Made): Outputs['speed'] {
    if (unit !== 'token') return steps.speed();
    const ms = generating.ms();
    return count > 0 && ms > 0 ? { value: (count / ms) * 1000, unit: 'tok/s' } : undefined;
  }

  return {
    add(status: ServerStatus, nowMs: number): void {
      const { made: first, also = [], promptTokens, cachedPromptTokens, speed, running } = status;
      if (status.atLeast) missed.add(++gaps, nowMs);
      if (status.inexact !== undefined) inexact.add(status.inexact, nowMs);
      promptAtLeast ||= status.promptAtLeast === true;
      if (first) {
        const before = made.size;
        note(first, nowMs);
        for (const one of also) {
          if (before === 0 && !made.has(one.unit)) made.set(one.unit, createTally());
          note(one, nowMs);
        }
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
      for (const tally of [...made.values(), prompt, cached, generating, missed, inexact]) tally.beginAt(startedMs);
    },
    /** @param failed the program cannot be asked now, so outputs may be missing. Undefined: outputs are not counted. */
    outputs(countedBy: CounterId, failed: boolean): Outputs | undefined {
      const [most, ...others] = counted();
      const atLeast = failed || missed.total() + inexact.total() > 0;
      // "at least 0" says nothing: the count is unknown
      if (!most || (atLeast && most.count === 0)) return undefined;
      const speed = speedOf(most);
      return {
        ...most,
        countedBy,
        ...(others.length > 0 && { others }),
        ...(readsPrompts && { promptTokens: prompt.total() }),
        ...(readsPrompts && promptAtLeast && { promptAtLeast }),
        ...(readsCache && { cachedPromptTokens: cached.total() }),
        ...(speed && { speed }),
        ...(atLeast && { atLeast: true }),
      };
    },
    /** Of the kind that comes first. */
    marks(): Marks | undefined {
      const unit = counted()[0]?.unit;
      return unit !== undefined && MARKED.includes(unit) ? made.get(unit)!.marks() : undefined;
    },
  };
}
