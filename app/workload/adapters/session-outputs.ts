import type { Outputs } from '../sessions/schema.ts';
import type { ServerStatus } from './adapter.ts';
import type { CounterId } from './ids.ts';
import { createTally, type Marks } from './outputs.ts';

/** Units whose outputs get a mark each. Tokens would get one per request of their status. */
const MARKED: ReadonlySet<Outputs['unit']> = new Set(['image', 'file', 'line']);

/** Collects what a program produces during one session, from the statuses that it reports. */
export function createSessionOutputs() {
  const generated = createTally();
  const prompt = createTally();
  let unit: Outputs['unit'] | undefined;
  let atLeast = false;
  let speeds: { sum: number; count: number; readonly unit: 'it/s' | 'tok/s' } | undefined;

  return {
    add({ made, atLeast: missed, promptTokens, speed, running }: ServerStatus, nowMs: number): void {
      atLeast ||= missed === true;
      if (made) {
        unit = made.unit;
        generated.add(made.count, nowMs);
      }
      if (promptTokens !== undefined) prompt.add(promptTokens, nowMs);
      if (!speed || speed.value <= 0 || !running) return;
      speeds ??= { sum: 0, count: 0, unit: speed.unit };
      speeds.sum += speed.value;
      speeds.count++;
    },
    /** A session began at that moment. Only outputs since then count. */
    beginAt(startedMs: number): void {
      generated.beginAt(startedMs);
      prompt.beginAt(startedMs);
    },
    /** @param failed the program cannot be asked now, so outputs may be missing. Undefined: outputs are not counted. */
    outputs(countedBy: CounterId, failed: boolean): Outputs | undefined {
      if (unit === undefined) return undefined;
      return {
        unit,
        count: generated.total(),
        countedBy,
        ...(prompt.total() > 0 && { promptTokens: prompt.total() }),
        ...(speeds && { speed: { value: speeds.sum / speeds.count, unit: speeds.unit } }),
        ...((failed || atLeast) && { atLeast: true }),
      };
    },
    marks: (): Marks | undefined => (unit !== undefined && MARKED.has(unit) ? generated.marks() : undefined),
  };
}
