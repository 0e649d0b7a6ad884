import type { Outputs } from '../sessions/schema.ts';
import type { Made, ServerStatus } from './adapter.ts';
import type { CounterId, OutputUnit } from './ids.ts';
import { createTally, type Marks } from './outputs.ts';

/** Units whose outputs get a mark each, those that take longest first. Tokens would get one per request of their status. */
const MARKED: readonly OutputUnit[] = ['video', 'model-3d', 'audio', 'image', 'file', 'line'];

/** Collects what a program produces during one session, from the statuses that it reports. */
export function createSessionOutputs() {
  const made = new Map<OutputUnit, ReturnType<typeof createTally>>();
  const prompt = createTally();
  /** moments at which outputs may have been missed, so that one before the session does not count */
  const missed = createTally();
  const inexact = createTally();
  let gaps = 0;
  let speeds: { sum: number; count: number; readonly unit: 'it/s' | 'tok/s' } | undefined;
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

  return {
    add(status: ServerStatus, nowMs: number): void {
      const { made: first, also = [], promptTokens, speed, running } = status;
      if (status.atLeast) missed.add(++gaps, nowMs);
      if (status.inexact !== undefined) inexact.add(status.inexact, nowMs);
      if (first) {
        const before = made.size;
        note(first, nowMs);
        for (const one of also) {
          if (before === 0 && !made.has(one.unit)) made.set(one.unit, createTally());
          note(one, nowMs);
        }
      }
      if (promptTokens !== undefined) prompt.add(promptTokens, nowMs);
      if (!speed || speed.value <= 0 || !running) return;
      speeds ??= { sum: 0, count: 0, unit: speed.unit };
      speeds.sum += speed.value;
      speeds.count++;
    },
    /** A session began at that moment. Only outputs since then count. */
    beginAt(startedMs: number): void {
      for (const tally of [...made.values(), prompt, missed, inexact]) tally.beginAt(startedMs);
    },
    /** @param failed the program cannot be asked now, so outputs may be missing. Undefined: outputs are not counted. */
    outputs(countedBy: CounterId, failed: boolean): Outputs | undefined {
      const [most, ...others] = counted();
      const atLeast = failed || missed.total() + inexact.total() > 0;
      // "at least 0" says nothing: the count is unknown
      if (!most || (atLeast && most.count === 0)) return undefined;
      return {
        ...most,
        countedBy,
        ...(others.length > 0 && { others }),
        ...(prompt.total() > 0 && { promptTokens: prompt.total() }),
        ...(speeds && { speed: { value: speeds.sum / speeds.count, unit: speeds.unit } }),
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
