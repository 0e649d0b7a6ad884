import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueOf } from '../../app/metrics/frame.ts';
import { COUNTER_LAG_MS } from '../../app/workload/energy/span.ts';
import { EDGE_MS, summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';
import { readLoad, samplesAt, type Card, type Load } from '../support/cards.ts';
import { frameWith } from '../support/frames.ts';

const START = 20_000;
const LIMIT_W = 600;
const DAY_MS = 86_400_000;

const ticks = (fromMs: number, toMs: number, everyMs: number): number[] =>
  Array.from({ length: Math.floor((toMs - fromMs) / everyMs) + 1 }, (_, i) => Math.round(fromMs + i * everyMs));
const around = (samples: readonly SessionSample[], fromMs: number, toMs: number): SessionSample[] =>
  samples.filter(({ tsMs }) => tsMs >= fromMs - EDGE_MS && tsMs < toMs + EDGE_MS);
const steady = (watts: number): Load => [
  { atMs: 0, watts },
  { atMs: 2 * DAY_MS, watts },
];
const counterMj = ({ frame }: SessionSample): number => valueOf(frame, 'energyMj')!;

/** J that the counter adds between the readings on either side of a moment: the later one contains all of it. */
function stepJ(samples: readonly SessionSample[], atMs: number): number {
  const before = samples.findLast(({ tsMs }) => tsMs <= atMs)!;
  const after = samples.find(({ tsMs }) => tsMs >= atMs + COUNTER_LAG_MS)!;
  return (counterMj(after) - counterMj(before)) / 1000;
}

/** J between the ends of a range of ±5 % around an energy that may be wrong by so many J. */
const widthOf = (energyJ: number, doubtJ: number): number =>
  (energyJ + doubtJ) / 0.95 - (energyJ - doubtJ) / 1.05 + 0.01;
const longestMs = (samples: readonly SessionSample[]): number => Math.max(...samples.map(({ dtMs }) => dtMs ?? 0));

/** W between the lowest and the highest reading of a session, with one on either side. */
function swingOf(samples: readonly SessionSample[], fromMs: number, toMs: number): number {
  const first = samples.findLastIndex(({ tsMs }) => tsMs <= fromMs);
  const last = samples.findIndex(({ tsMs }) => tsMs >= toMs);
  const readings = samples.slice(Math.max(first, 0), last + 1).map(({ frame }) => valueOf(frame, 'powerW')!);
  return Math.max(...readings) - Math.min(...readings);
}

/** 0.5 s to a day: each order of magnitude is as likely as the next. */
const durationMs = fc
  .double({ min: Math.log(500), max: Math.log(DAY_MS), noNaN: true })
  .map((x) => Math.round(Math.exp(x)));
const watts = fc.integer({ min: 20, max: LIMIT_W });
const scenario = fc.record({
  ms: durationMs,
  everyMs: fc.constantFrom(100, 250, 500, 1000, 2000, 5000),
  phase: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  updateMs: fc.integer({ min: 20, max: 100 }),
  updatePhase: fc.nat(100),
  gain: fc.double({ min: 0.951, max: 1.049, noNaN: true }),
  levels: fc.array(
    fc.record({
      watts,
      jump: fc.option(watts, { nil: undefined }),
      share: fc.double({ min: 0.01, max: 1, noNaN: true }),
    }),
    {
      minLength: 2,
      maxLength: 25,
    },
  ),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

/** Where the samples of a scenario are. In the middle of a long session they are coarse, so that the test is quick. */
function momentsOf({ ms, everyMs, phase }: Scenario): number[] {
  const every = Math.max(everyMs, Math.min(1000, ms / 200));
  const all = ticks(phase * every, START + ms + EDGE_MS, every);
  const coarseMs = Math.max(every, ms / 200);
  let lastMs = -Infinity;
  return all.filter((atMs) => {
    const keep = atMs < START + EDGE_MS || atMs > START + ms - EDGE_MS || atMs >= lastMs + coarseMs;
    if (keep) lastMs = atMs;
    return keep;
  });
}

/** Knots anywhere, with jumps. */
function loadOf({ levels, ms }: Scenario): Load {
  const whole = levels.reduce((sum, { share }) => sum + share, 0);
  let atMs = 0;
  return levels.flatMap(({ watts: before, jump, share }, i) => {
    if (i > 0) atMs += ((START + ms + EDGE_MS) * share) / whole;
    return [{ atMs, watts: before }, ...(jump === undefined ? [] : [{ atMs, watts: jump }])];
  });
}

describe('the ends of a session', () => {
  it.each([500, 1000, 2000, 5000, 10_000, 20_000])('a command of %d ms at 200 W has its energy, and its time', (ms) => {
    for (const counter of [{ updateMs: 1, phaseMs: 0 }, undefined])
      for (const phaseMs of [0, 1, 499, 500, 999]) {
        const card = { load: steady(200), limitW: LIMIT_W, gain: 1, counter };
        const toMs = START + ms;
        const samples = around(samplesAt(card, ticks(phaseMs, toMs + 3000, 1000)), START, toMs);
        const summary = summariseGpu('G', samples, { ends: { fromMs: START, toMs } });
        expect(summary.energyJ).toBeCloseTo((200 * ms) / 1000, 1);
        expect(summary.observedMs).toBe(ms);
        expect(summary.peakTempC).toBe(60);
        const inside = samples.some(({ tsMs }) => tsMs >= START && tsMs <= toMs);
        expect(summary.unseen?.ms).toBe(counter || inside ? undefined : ms);
      }
  });

  it('a counter’s range has the truth, and is no wider than ±5 % and one step of it at each end', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const load = loadOf(one);
        const counter = { updateMs: one.updateMs, phaseMs: one.updatePhase };
        const toMs = START + one.ms;
        const samples = around(
          samplesAt({ load, limitW: LIMIT_W, gain: one.gain, counter }, momentsOf(one)),
          START,
          toMs,
        );
        const summary = summariseGpu('G', samples, { windowMs: 10, ends: { fromMs: START, toMs } });
        const { low, high } = summary.energyRangeJ!;
        const { joules } = readLoad(load);
        const trueJ = joules(toMs) - joules(START);
        expect(summary).toMatchObject({ energyFrom: 'counter', energyWhy: undefined, unseen: undefined });
        expect(low).toBeLessThanOrEqual(trueJ);
        expect(high).toBeGreaterThanOrEqual(trueJ);
        const steps = stepJ(samples, START) + stepJ(samples, toMs);
        expect(high - low).toBeLessThanOrEqual((summary.energyJ! + steps) / 0.95 - summary.energyJ! / 1.05 + 0.01);
      }),
      { numRuns: 150 },
    );
  });

  it('readings at both ends of a command, and soon after, leave a tenth of a second of doubt', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const toMs = START + one.ms;
        const forced = [START, START + COUNTER_LAG_MS + 10, toMs, toMs + COUNTER_LAG_MS + 10];
        const moments = [...new Set([...momentsOf(one), ...forced])].sort((a, b) => a - b);
        const load = loadOf(one);
        const counter = { updateMs: one.updateMs, phaseMs: one.updatePhase };
        const samples = around(samplesAt({ load, limitW: LIMIT_W, gain: 1, counter }, moments), START, toMs);
        const { energyJ, energyRangeJ } = summariseGpu('G', samples, { windowMs: 10, ends: { fromMs: START, toMs } });
        const { joules } = readLoad(load);
        const trueJ = joules(toMs) - joules(START);
        expect(energyRangeJ!.low).toBeLessThanOrEqual(trueJ);
        expect(energyRangeJ!.high).toBeGreaterThanOrEqual(trueJ);
        const doubtJ = (2 * LIMIT_W * (2 * COUNTER_LAG_MS + 10)) / 1000; // the reading after may be a lag behind, too
        expect(energyRangeJ!.high - energyRangeJ!.low).toBeLessThanOrEqual((energyJ! * 0.1003 + doubtJ) / 0.95);
      }),
      { numRuns: 100 },
    );
  });

  it('power’s range has the truth for loads that are linear between ticks, and stays below the limit', () => {
    fc.assert(
      fc.property(scenario, fc.infiniteStream(watts), (one, levels) => {
        const moments = momentsOf(one);
        const load = moments.map((atMs) => ({ atMs, watts: levels.next().value as number }));
        const card: Card = { load, limitW: LIMIT_W, gain: one.gain, counter: undefined };
        const toMs = START + one.ms;
        const samples = around(samplesAt(card, moments), START, toMs);
        const summary = summariseGpu('G', samples, { windowMs: 10, ends: { fromMs: START, toMs } });
        const { low, high } = summary.energyRangeJ!;
        const { joules } = readLoad(load);
        const trueJ = joules(toMs) - joules(START);
        expect(summary.energyFrom).toBe('power');
        expect(low).toBeLessThanOrEqual(trueJ);
        expect(high).toBeGreaterThanOrEqual(trueJ);
        const mostW = Math.max(LIMIT_W, one.gain * LIMIT_W);
        expect(high).toBeLessThanOrEqual((mostW * one.ms) / 1000 / 0.95 + 0.01);
        // all of it is unseen, and said to be, if no reading was taken in the session
        const seen = samples.some(({ tsMs }) => tsMs >= START && tsMs <= toMs);
        expect(summary.unseen?.ms).toBe(seen || one.ms <= COUNTER_LAG_MS ? undefined : one.ms);
        // otherwise what the sensor cannot tell, and what a load between these bounds may do between readings: that
        // grows with the root of the time, not with the time
        const [swingW, tickMs] = [swingOf(samples, START, toMs), longestMs(samples)];
        const missedS = (5 * Math.sqrt(tickMs * one.ms) + tickMs + 10) / 1000;
        if (seen) expect(high - low).toBeLessThanOrEqual(widthOf(summary.energyJ!, swingW * missedS));
      }),
      { numRuns: 100 },
    );
  });

  it('power’s range for a load that rises or falls evenly is ±5 % and three ticks of the whole change', () => {
    fc.assert(
      fc.property(scenario, watts, watts, (one, firstW, lastW) => {
        const ms = Math.max(one.ms, 4 * one.everyMs);
        const [toMs, moments] = [START + ms, momentsOf({ ...one, ms })];
        const load = [
          { atMs: START - EDGE_MS, watts: firstW },
          { atMs: toMs + EDGE_MS, watts: lastW },
        ];
        const card: Card = { load, limitW: LIMIT_W, gain: 1, counter: undefined };
        const samples = around(samplesAt(card, moments), START, toMs);
        const { energyJ, energyRangeJ } = summariseGpu('G', samples, { windowMs: 10, ends: { fromMs: START, toMs } });
        const { watts: at, joules } = readLoad(load);
        const changeW = Math.abs(at(toMs) - at(START));
        expect(energyJ! / (joules(toMs) - joules(START))).toBeCloseTo(1, 4);
        expect(energyRangeJ!.high - energyRangeJ!.low).toBeLessThanOrEqual(
          widthOf(energyJ!, (changeW * (3 * longestMs(samples) + 10)) / 1000),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('power’s range is ±5 % for a steady load, at every duration, interval and phase', () => {
    fc.assert(
      fc.property(scenario, watts, (one, level) => {
        const card: Card = { load: steady(level), limitW: LIMIT_W, gain: 1, counter: undefined };
        const toMs = START + Math.max(one.ms, 5000);
        const samples = around(samplesAt(card, momentsOf({ ...one, ms: toMs - START })), START, toMs);
        const { energyJ, energyRangeJ } = summariseGpu('G', samples, { windowMs: 10, ends: { fromMs: START, toMs } });
        expect(energyRangeJ!.low).toBeCloseTo(energyJ! / 1.05, 3);
        expect(energyRangeJ!.high).toBeCloseTo(energyJ! / 0.95, 3);
      }),
      { numRuns: 60 },
    );
  });

  it('energy up to the power limit is in the range of time that was not observed, and said', () => {
    for (const counter of [{ updateMs: 1, phaseMs: 0 }, undefined]) {
      const card = { load: steady(300), limitW: LIMIT_W, gain: 1, counter };
      const samples = samplesAt(card, ticks(START + 2000, START + 5000, 1000));
      const summary = summariseGpu('G', samples, { ends: { fromMs: START, toMs: START + 7000 } });
      expect(summary.energyJ).toBeCloseTo(3 * 300, 1);
      expect(summary.unseen).toEqual({ ms: 4000, energyJ: 4 * LIMIT_W });
      expect(summary.energyRangeJ!.high).toBeGreaterThanOrEqual(7 * 300);
      expect(summary.energyRangeJ!.high).toBeLessThanOrEqual((3 * 300 + 60) / 0.95 + 4 * LIMIT_W);
    }
  });

  it('a gap is bridged by a counter, and bounded by the limit without one', () => {
    const at = (tsMs: number, dtMs: number | undefined, energyMj?: number): SessionSample => ({
      tsMs,
      dtMs,
      frame: frameWith({ powerW: 100, powerLimitW: 400, ...(energyMj !== undefined && { energyMj }) }),
    });
    const ends = { fromMs: 0, toMs: 62_000 };
    const moments = [0, 1000, 61_000, 62_000, 63_000];
    const dts = [undefined, 1000, undefined, 1000, 1000];
    const counted = moments.map((ms, i) => at(ms, dts[i], ms * 300));
    expect(summariseGpu('G', counted, { ends })).toMatchObject({ energyJ: 18_600, unseen: undefined });
    const powered = summariseGpu(
      'G',
      moments.map((ms, i) => at(ms, dts[i])),
      { ends },
    );
    expect(powered).toMatchObject({ energyJ: 200, unseen: { ms: 60_000, energyJ: 24_000 } });
    expect(powered.energyRangeJ!.high).toBeCloseTo(200 / 0.95 + 24_000);
    // a report covers what was observed, and says how long that was
    expect(
      summariseGpu(
        'G',
        moments.map((ms, i) => at(ms, dts[i])),
      ).unseen,
    ).toBeUndefined();
  });

  it('across a reset of the counter energy is that of power; without power, nothing is subtracted', () => {
    const at = (tsMs: number, energyMj: number, powerW?: number, dtMs?: number): SessionSample => ({
      tsMs,
      dtMs,
      frame: frameWith({ energyMj, ...(powerW !== undefined && { powerW }) }),
    });
    const ends = { fromMs: 500, toMs: 2000 };
    const bare = [at(0, 9e6), at(1000, 1000, undefined, 1000), at(2000, 201_000, undefined, 1000)];
    expect(summariseGpu('G', bare, { ends }).energyJ).toBe(200);
    const powered = [at(0, 9e6, 200), at(1000, 1000, 200, 1000), at(2000, 201_000, 200, 1000)];
    expect(summariseGpu('G', powered, { ends })).toMatchObject({
      energyJ: 300,
      energyFrom: 'counter',
      unseen: undefined,
    });
  });

  it('what saw more of the session is used', () => {
    const frames = Array.from({ length: 11 }, (_, i) => ({
      tsMs: i * 1000,
      dtMs: i === 0 ? undefined : 1000,
      frame: frameWith({ powerW: 200, powerLimitW: 400, ...(i < 3 && { energyMj: i * 200_000 }) }),
    }));
    const ends = { fromMs: 0, toMs: 10_000 };
    expect(summariseGpu('G', frames, { ends })).toMatchObject({
      energyJ: 2000,
      energyFrom: 'power',
      unseen: undefined,
    });
  });

  it('uncertain ends widen the range to what lies between them', () => {
    for (const counter of [{ updateMs: 1, phaseMs: 0 }, undefined]) {
      const samples = samplesAt({ load: steady(100), limitW: LIMIT_W, gain: 1, counter }, ticks(0, 30_000, 1000));
      const ends = { fromMs: 5000, beganByMs: 7000, endedAfterMs: 14_000, toMs: 15_000, endedByMs: 16_000 };
      const { energyJ, energyRangeJ } = summariseGpu('G', samples, { windowMs: 10, ends });
      expect(energyJ).toBeCloseTo(1000, 3);
      const [below, above] = counter ? [400, 200] : [300, 100]; // a counter’s next reading is a second later
      expect(energyRangeJ!.low).toBeCloseTo((1000 - below) / 1.05, 3);
      expect(energyRangeJ!.high).toBeCloseTo((1000 + above) / 0.95, 3);
    }
  });

  it('a clock that is set back loses no energy', () => {
    const at = (tsMs: number, energyMj: number): SessionSample => ({
      tsMs,
      dtMs: 1000,
      frame: frameWith({ energyMj }),
    });
    expect(summariseGpu('G', [at(5000, 0), at(6000, 1e5), at(3000, 2e5), at(4000, 3e5)]).energyJ).toBe(300);
  });
});
