import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EDGE_MS, summariseClipped, type SessionSample } from '../../app/workload/sessions/summary.ts';
import { frameWith } from '../support/frames.ts';

type Load = { readonly watts: (atMs: number) => number; readonly stepMs: number; readonly counter: boolean };

/** Energy of a load between two moments, in J, summed by the millisecond. */
function energyJ(watts: Load['watts'], fromMs: number, toMs: number): number {
  let sum = 0;
  for (let ms = fromMs; ms < toMs; ms++) sum += watts(ms + 0.5) / 1000;
  return sum;
}

/** Samples of a simulated card whose counter is updated every `stepMs`, as a recorder takes them. */
function samplesOf(
  { watts, stepMs, counter }: Load,
  phaseMs: number,
  everyMs: number,
  untilMs: number,
): SessionSample[] {
  const samples: SessionSample[] = [];
  let totalJ = 0;
  let countedMs = 0;
  for (let tsMs = phaseMs; tsMs <= untilMs; tsMs += everyMs) {
    const updatedMs = Math.floor(tsMs / stepMs) * stepMs;
    totalJ += energyJ(watts, countedMs, updatedMs);
    countedMs = Math.max(countedMs, updatedMs);
    const energy = counter ? { energyMj: totalJ * 1000 } : {};
    samples.push({
      tsMs,
      dtMs: samples.length === 0 ? undefined : everyMs,
      frame: frameWith({ powerW: watts(tsMs), powerLimitW: 600, coreTempC: 60, ...energy }),
    });
  }
  return samples;
}

const START = 20_000;
const around = (samples: readonly SessionSample[], fromMs: number, toMs: number): SessionSample[] =>
  samples.filter(({ tsMs }) => tsMs >= fromMs - EDGE_MS && tsMs < toMs + EDGE_MS);

describe('the ends of a session', () => {
  it.each([500, 1000, 2000, 5000, 10_000, 20_000])('a command of %d ms at 200 W has its energy, and its time', (ms) => {
    for (const counter of [true, false])
      for (const phaseMs of [0, 1, 499, 500, 999]) {
        const samples = samplesOf({ watts: () => 200, stepMs: 1, counter }, phaseMs, 1000, START + ms + 3000);
        const toMs = START + ms;
        const summary = summariseClipped('G', around(samples, START, toMs), { fromMs: START, toMs });
        expect(summary.energyJ).toBeCloseTo((200 * ms) / 1000, 1);
        expect(summary.observedMs).toBe(ms);
        expect(summary.peakTempC).toBe(60);
      }
  });

  it('the range of a counter contains the truth at every duration, interval and phase', () => {
    const levels = fc.array(fc.integer({ min: 20, max: 600 }), { minLength: 4, maxLength: 12 });
    const scenario = fc.record({
      levels,
      levelMs: fc.integer({ min: 50, max: 3000 }),
      stepMs: fc.integer({ min: 20, max: 100 }),
      everyMs: fc.constantFrom(100, 500, 1000, 2000, 5000),
      phase: fc.double({ min: 0, max: 1, noNaN: true }),
      ms: fc.integer({ min: 500, max: 20_000 }),
    });
    fc.assert(
      fc.property(scenario, ({ levels: list, levelMs, stepMs, everyMs, phase, ms }) => {
        const watts = (atMs: number): number => list[Math.floor(atMs / levelMs) % list.length]!;
        const toMs = START + ms;
        const phaseMs = Math.floor(phase * everyMs);
        const samples = samplesOf({ watts, stepMs, counter: true }, phaseMs, everyMs, toMs + EDGE_MS);
        const { energyRangeJ } = summariseClipped('G', around(samples, START, toMs), { fromMs: START, toMs });
        const trueJ = energyJ(watts, START, toMs);
        // a counter is behind by up to one update at each end, which counts as its error here
        const lagJ = (2 * 600 * stepMs) / 1000;
        expect(energyRangeJ!.low).toBeLessThanOrEqual(trueJ + lagJ);
        expect(energyRangeJ!.high).toBeGreaterThanOrEqual(trueJ - lagJ);
      }),
      { numRuns: 60 },
    );
  });

  it('power alone is exact for loads that are linear between samples', () => {
    const watts = (atMs: number): number => 100 + (atMs % 8000) / 20;
    for (const phaseMs of [0, 250, 999]) {
      const samples = samplesOf({ watts: (ms) => watts(ms), stepMs: 1, counter: false }, phaseMs, 500, START + 6000);
      const toMs = START + 1300;
      const summary = summariseClipped('G', around(samples, START, toMs), { fromMs: START, toMs });
      expect(Math.abs(summary.energyJ! - energyJ(watts, START, toMs))).toBeLessThan(0.5);
    }
  });

  it('energy up to the power limit is in the range of time that was not observed', () => {
    const load = { watts: () => 300, stepMs: 1, counter: true };
    const samples = samplesOf(load, 0, 1000, START + 9000).filter(
      ({ tsMs }) => tsMs >= START + 2000 && tsMs <= START + 5000,
    );
    const summary = summariseClipped('G', samples, { fromMs: START, toMs: START + 7000 });
    expect(summary.energyJ).toBeCloseTo(3 * 300, 1);
    expect(summary.energyRangeJ!.high).toBeGreaterThanOrEqual(7 * 300);
  });

  it('nothing is subtracted across a reset of the counter at an end', () => {
    const at = (tsMs: number, energyMj: number, dtMs?: number): SessionSample => ({
      tsMs,
      dtMs,
      frame: frameWith({ energyMj }),
    });
    const samples = [at(0, 9e6), at(1000, 1000, 1000), at(2000, 201_000, 1000)];
    expect(summariseClipped('G', samples, { fromMs: 500, toMs: 2000 }).energyJ).toBe(200);
  });
});
