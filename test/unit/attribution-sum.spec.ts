// Whatever starts and stops: what sessions have, what they share, and what none has is the card's total.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAttribution, type Owner } from '../../app/workload/energy/attribution.ts';
import type { ShareSpan } from '../../app/workload/energy/shares.ts';
import type { Process, Program } from '../../app/workload/programs/programs.ts';
import { summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';

const GPU = testGpu();
const STORED = [{ uuid: GPU.uuid, gpuId: 1 }];

/** Who may use the card: three programs and the process of a command, with their process numbers. */
const PIDS = [11, 12, 13, 21] as const;
const BY_HAND = 7;
const keyOf = (pid: number): string => `program:${pid}`;

type Second = {
  readonly watts: number;
  /** SM time of each process in %; null: it is not on the card; −1: it is, and its load is not reported */
  readonly sm: readonly (number | null)[];
  readonly works: readonly boolean[];
  readonly byHand: boolean;
  readonly listed: boolean;
  readonly gap: boolean;
};
const second = fc.record<Second>({
  watts: fc.integer({ min: 0, max: 600 }),
  sm: fc.array(fc.option(fc.oneof(fc.constant(-1), fc.nat(100))), { minLength: 4, maxLength: 4 }),
  works: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  byHand: fc.boolean(),
  listed: fc.boolean(),
  gap: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

/** Plays seconds; answers the card's samples and every owner's spans, all owners being sessions from the start. */
function play(seconds: readonly Second[]) {
  let processes: readonly Process[] = [];
  let working: readonly string[] = [];
  let manual: readonly number[] = [];
  const attribution = createAttribution({
    processesOf: () => processes,
    starterOf: (pid) => (pid === 21 && manual.length > 0 ? BY_HAND : undefined),
    works: ({ key }) => working.includes(key),
    manual: () => manual,
    detected: () => working,
    pids: () => processes.map(({ pid }) => pid),
  });
  const spans = new Map<Owner, ShareSpan[]>();
  /** by tick: who had a session then */
  const present: ReadonlySet<Owner>[] = [];
  /** by tick: a command without a process on the card may be the client of programs that are on it */
  const clients: boolean[] = [];
  const samples: SessionSample[] = [];
  let tsMs = 1_000_000;
  let energyMj = 0;
  for (const [i, { watts, sm, works, byHand, listed, gap }] of seconds.entries()) {
    const stepMs = gap ? 60_000 : 1000;
    tsMs += stepMs;
    energyMj += watts * stepMs;
    if (listed)
      processes = sm.flatMap((smPct, n) =>
        smPct === null ? [] : [{ pid: PIDS[n]!, name: 'x', ...(smPct >= 0 && { smPct }) }],
      );
    working = PIDS.slice(0, 3)
      .filter((_, n) => works[n]!)
      .map(keyOf);
    manual = byHand ? [BY_HAND] : [];
    const here = new Set(processes.map(({ pid }) => pid));
    const programs = PIDS.slice(0, 3).map((pid): Program => {
      const gpuUuids = here.has(pid) ? [GPU.uuid] : [];
      return { key: keyOf(pid), match: undefined, name: 'x', pids: [pid], gpuUuids, loads: true };
    });
    const dtMs = i === 0 || gap ? undefined : stepMs;
    const frame = frameWith({ energyMj });
    const tick = {
      ...tickWith(tsMs, dtMs, [frame]),
      ...(gap && { gap: { fromMs: tsMs - stepMs, toMs: tsMs, reason: 'suspended' as const } }),
    };
    attribution.note(tick, STORED, listed, programs);
    samples.push({ tsMs, dtMs, frame });
    clients.push(byHand && !here.has(21));
    present.push(new Set<Owner>([...working, ...manual]));
    const ids: Owner[] = [...PIDS.slice(0, 3).map(keyOf), BY_HAND];
    for (const { sessionId, span } of attribution.take((owner) => ids.indexOf(owner))) {
      const owner = ids[sessionId]!;
      spans.set(owner, [...(spans.get(owner) ?? []), span]);
    }
  }
  return { samples, spans, present, clients };
}

describe('the energy of a card', () => {
  it('is that of its sessions, what they share, and what none of them has', () => {
    fc.assert(
      fc.property(fc.array(second, { minLength: 2, maxLength: 40 }), (seconds) => {
        const { samples, spans, present, clients } = play(seconds);
        let [ownJ, sharedJ, idleJ] = [0, 0, 0];
        for (let i = 1; i < samples.length; i++) {
          const pair = [samples[i - 1]!, samples[i]!];
          // in a gap: whoever was there before or after it may have used it
          const owners = new Set([...present[i]!, ...(seconds[i]!.gap ? present[i - 1]! : [])]);
          const parts = [...owners].map((owner) => summariseGpu(GPU.uuid, pair, { shares: spans.get(owner) ?? [] }));
          const wholeJ = (seconds[i]!.watts * (seconds[i]!.gap ? 60_000 : 1000)) / 1000;
          const own = parts.reduce((sum, { energyJ }) => sum + energyJ!, 0);
          // what a client may have caused is that of the programs: it is no energy beside theirs
          const client = clients[i]! || (seconds[i]!.gap && clients[i - 1]!);
          const told = Math.max(0, ...parts.map((part) => part.sharedJ ?? 0));
          const shared = client ? Math.min(told, wholeJ - own) : told;
          // never more than there is, in no second and for no owner
          expect(own + shared).toBeLessThanOrEqual(wholeJ + 1e-6);
          for (const part of parts) {
            expect(part.energyJ! + (part.sharedJ ?? 0)).toBeLessThanOrEqual(wholeJ + 1e-6);
            if (part.sharedJ !== undefined) expect(part.sharedJ).toBeCloseTo(told, 6); // by all who share, the same
          }
          ownJ += own;
          sharedJ += shared;
          idleJ += wholeJ - own - shared;
        }
        const usedJ = seconds.slice(1).reduce((sum, { watts, gap }) => sum + (watts * (gap ? 60_000 : 1000)) / 1000, 0);
        expect(idleJ).toBeGreaterThanOrEqual(-1e-6);
        expect(ownJ + sharedJ + idleJ).toBeCloseTo(usedJ, 6);
      }),
      { numRuns: 200 },
    );
  });
});
