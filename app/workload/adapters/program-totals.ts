import type { ServerStatus } from './adapter.ts';

/** Counters of a status, which only grow while its server runs. */
const COUNTERS = ['made', 'promptTokens'] as const;
type Counter = (typeof COUNTERS)[number];

const valueOf = (status: ServerStatus, counter: Counter): number | undefined =>
  counter === 'made' ? status.made?.count : status[counter];

/**
 * Adds up the counters of several servers that come and go. The sum never falls: what a server made stays counted when it is
 * gone, and one that restarts begins again at 0.
 */
export function createProgramTotals() {
  const last = new Map<string, number>();
  const sums = new Map<Counter, number>();

  function see(id: string, status: ServerStatus, from: 'zero' | 'here', counts: boolean): void {
    for (const counter of COUNTERS) {
      const value = valueOf(status, counter);
      if (value === undefined) continue;
      const key = `${counter} ${id}`;
      const before = last.get(key) ?? (from === 'zero' ? 0 : value);
      last.set(key, value);
      if (counts) sums.set(counter, (sums.get(counter) ?? 0) + (value >= before ? value - before : value));
    }
  }

  return {
    /** @param from `zero`: the server is new, so all that it made counts; `here`: only what it makes from now on */
    add: (id: string, status: ServerStatus, from: 'zero' | 'here'): void => see(id, status, from, true),
    /** Notes counters without adding them: something else counts the same outputs. */
    pass: (id: string, status: ServerStatus): void => see(id, status, 'here', false),
    /** A status with the sums instead of its counters. */
    within: ({ made, promptTokens, ...status }: ServerStatus): ServerStatus => ({
      ...status,
      ...(made && { made: { unit: made.unit, count: sums.get('made') ?? 0 } }),
      ...(promptTokens !== undefined && { promptTokens: sums.get('promptTokens') ?? 0 }),
    }),
  };
}
