import type { Made, ServerStatus } from './adapter.ts';

/** Counters of a status beside what it made: they only grow while its server runs. */
const COUNTERS = [
  'promptTokens',
  'cachedPromptTokens',
  'generatingMs',
  'inexact',
] as const satisfies readonly (keyof ServerStatus)[];

function countersOf(status: ServerStatus): readonly (readonly [string, number])[] {
  const { made, also = [] } = status;
  const kinds = made ? [made, ...also] : also;
  return [
    ...kinds.map(({ unit, count }) => [`made ${unit}`, count] as const),
    ...COUNTERS.flatMap((key) => (status[key] === undefined ? [] : [[key, status[key]] as const])),
  ];
}

/**
 * Adds up the counters of several servers that come and go. The sum never falls: what a server made stays counted when it is
 * gone, and one that restarts begins again at 0.
 */
export function createProgramTotals() {
  const last = new Map<string, number>();
  const sums = new Map<string, number>();
  const known = new Set<string>();

  function see(id: string, status: ServerStatus, from: 'zero' | 'here', counts: boolean): void {
    for (const [counter, value] of countersOf(status)) {
      const key = `${counter} ${id}`;
      // a kind that a known server makes only now began at 0
      const before = last.get(key) ?? (from === 'zero' || known.has(id) ? 0 : value);
      last.set(key, value);
      if (counts) sums.set(counter, (sums.get(counter) ?? 0) + (value >= before ? value - before : value));
    }
    known.add(id);
  }
  const summed = ({ unit }: Made): Made => ({ unit, count: sums.get(`made ${unit}`) ?? 0 });

  return {
    /** @param from `zero`: the server is new, so all that it made counts; `here`: only what it makes from now on */
    add: (id: string, status: ServerStatus, from: 'zero' | 'here'): void => see(id, status, from, true),
    /** Notes counters without adding them: something else counts the same outputs. */
    pass: (id: string, status: ServerStatus): void => see(id, status, 'here', false),
    /** A status with the sums instead of its counters. */
    within: ({ made, also, ...status }: ServerStatus): ServerStatus => ({
      ...status,
      ...(made && { made: summed(made) }),
      ...(also && { also: also.map(summed) }),
      ...Object.fromEntries(COUNTERS.flatMap((key) => (status[key] === undefined ? [] : [[key, sums.get(key) ?? 0]]))),
    }),
  };
}
