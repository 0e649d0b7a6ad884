import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { createPowerIntegral, powerWindowMs } from '../../app/workload/energy/energy.ts';
import { createTally, eachOutputJ } from '../../app/workload/adapters/outputs.ts';
import { idlePowerW, summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';
import { divide, shareAt } from '../../app/workload/energy/shares.ts';
import { type Process } from '../../app/workload/programs/programs.ts';
import { costOf, priceAt, withinHours } from '../../app/workload/energy/tariff.ts';
import { frameWith } from '../support/frames.ts';

/** A load that jumps between levels at random moments, in steps of 1 ms. */
function seededLoad(seed: number, lengthMs: number): Float64Array {
  const random = createRandom(seed);
  const load = new Float64Array(lengthMs);
  let untilMs = 0;
  let level = 0;
  for (let ms = 0; ms < lengthMs; ms++) {
    if (ms >= untilMs) {
      level = random() < 0.25 ? 20 + 40 * random() : 100 + 350 * random();
      untilMs = ms + 50 + random() * 4000;
    }
    load[ms] = level;
  }
  return load;
}

describe('power integrated over a sensor that averages', () => {
  it.each([
    ['A100-SXM4-80GB', 25],
    ['GeForce RTX 4090', 1000],
    ['GeForce RTX 2080 Ti', 100],
    ['Tesla P100', 10],
    ['an unknown card', 10],
  ])('%s shows averages over %d ms', (name, windowMs) => expect(powerWindowMs(`NVIDIA ${name}`)).toBe(windowMs));

  it.each([25, 100, 1000])('stays within the band it prints over 100 seeded loads, window %d ms', (windowMs) => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = createRandom(seed + 7000);
      const load = seededLoad(seed, 120_000);
      const gain = 1 + 0.1 * (random() - 0.5); // ±5 %, arXiv 2312.02741
      const read = (atMs: number): number => {
        let sum = 0;
        for (let ms = atMs - windowMs; ms < atMs; ms++) sum += load[ms]!;
        return (gain * sum) / windowMs;
      };
      const integral = createPowerIntegral(windowMs);
      let trueJ = 0;
      let [atMs, powerW] = [1000, read(1000)];
      while (atMs < 118_000) {
        const nextMs = atMs + Math.round(950 + 100 * random());
        for (let ms = atMs; ms < nextMs; ms++) trueJ += load[ms]! / 1000;
        const next = read(nextMs);
        integral.add(powerW, next, nextMs - atMs);
        [atMs, powerW] = [nextMs, next];
      }
      const { range } = integral.result()!;
      expect(trueJ, `seed ${seed}`).toBeGreaterThanOrEqual(range.low);
      expect(trueJ, `seed ${seed}`).toBeLessThanOrEqual(range.high);
    }
  });

  it('prints no more than ±5 % for a steady load on a card that averages over a second', () => {
    const integral = createPowerIntegral(1000);
    for (let i = 0; i < 100; i++) integral.add(300, 300, 1000);
    const { energyJ, range } = integral.result()!;
    expect(energyJ).toBeCloseTo(30_000);
    expect(range.low).toBeCloseTo(30_000 / 1.05);
    expect(range.high).toBeCloseTo(30_000 / 0.95);
  });
});

const samples = (energyMj: readonly number[], powerW = 100): SessionSample[] =>
  energyMj.map((energy, i) => ({
    tsMs: i * 1000,
    dtMs: i === 0 ? undefined : 1000,
    frame: frameWith({ energyMj: energy, powerW, coreTempC: 60, gpuUtilPct: 90 }),
  }));

describe('sessions that overlap on one card', () => {
  it('are never counted twice: what they own together is what the card used, at most', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(500_000), { minLength: 2, maxLength: 60 }),
        fc.array(fc.record({ a: fc.nat(100), b: fc.nat(100), told: fc.boolean() }), { minLength: 60, maxLength: 60 }),
        (steps, use) => {
          let total = 1000;
          const list = samples([total, ...steps.map((step) => (total += step))]);
          const spans = { 1: [] as any[], 2: [] as any[] };
          use.forEach(({ a, b, told }, i) => {
            const processes: Process[] = [
              { pid: 1, name: 'a', ...(told && { smPct: a }) },
              { pid: 2, name: 'b', ...(told && { smPct: b }) },
            ];
            const shares = divide(processes, (pid) => pid);
            for (const id of [1, 2] as const)
              spans[id].push({ fromMs: i * 1000, toMs: (i + 1) * 1000, share: shares.get(id) });
          });
          const [one, two] = ([1, 2] as const).map((id) => summariseGpu('GPU', list, { shares: spans[id] }));
          const shared = Math.max(one!.sharedJ ?? 0, two!.sharedJ ?? 0);
          const whole = (total - 1000) / 1000;
          expect(one!.energyJ! + two!.energyJ! + shared).toBeLessThanOrEqual(whole + 1e-6);
          expect(one!.sharedJ ?? 0).toBeCloseTo(two!.sharedJ ?? 0, 6);
        },
      ),
    );
  });

  it('divide the card by SM time where the driver reports it', () => {
    const processes = [
      { pid: 1, name: '', smPct: 60 },
      { pid: 2, name: '', smPct: 20 },
      { pid: 9, name: '', smPct: 20 },
    ];
    const shares = divide(processes, (pid) => (pid < 9 ? pid : undefined));
    expect([...shares]).toEqual([
      [1, expect.closeTo(0.6)],
      [2, expect.closeTo(0.2)],
    ]);
  });

  it('are shared, undivided, where the driver does not report it', () => {
    const shares = divide(
      [
        { pid: 1, name: '' },
        { pid: 2, name: '' },
      ],
      (pid) => pid,
    );
    expect([...shares.values()]).toEqual([undefined, undefined]);
  });

  it('have the card to themselves beside a desktop that only draws', () => {
    const shares = divide(
      [
        { pid: 1, name: '', type: 'compute' },
        { pid: 2, name: 'Xorg', type: 'graphics' },
      ],
      (pid) => (pid === 1 ? 1 : undefined),
    );
    expect([...shares]).toEqual([[1, 1]]);
  });

  it('are distinguished by time', () => {
    const spans = [
      { fromMs: 10, toMs: 20, share: 0.5 },
      { fromMs: 20, toMs: 30, share: undefined },
    ];
    expect([5, 10, 19, 20, 30].map((at) => shareAt(spans, at))).toEqual([1, 0.5, 0.5, undefined, 1]);
  });
});

describe('what a session cost', () => {
  it('is the energy above idle, beside the whole', () => {
    const summary = summariseGpu('GPU', samples([0, 100_000, 200_000]), { idleW: 20 });
    expect(summary).toMatchObject({ energyJ: 200, aboveIdleJ: 160, idleW: 20 });
  });

  it('has no baseline after too few idle samples', () => {
    expect(idlePowerW(samples([1, 2, 3]))).toBeUndefined();
    const idle = Array.from({ length: 20 }, (_, i) => ({
      tsMs: i,
      dtMs: 1,
      frame: frameWith({ powerW: 20 + (i % 3), gpuUtilPct: 0 }),
    }));
    expect(idlePowerW(idle)).toBe(21);
  });

  it('equals the difference of the counter exactly, and so do its quarters of an hour', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400_000), { minLength: 1, maxLength: 50 }), (steps) => {
        let total = 7;
        const list = samples([total, ...steps.map((step) => (total += step))]).map((sample, i) => ({
          ...sample,
          tsMs: i * 200_000,
        }));
        const { energyJ, slots } = summariseGpu('GPU', list);
        expect(energyJ).toBeCloseTo((total - 7) / 1000, 6);
        expect(slots!.reduce((sum, slot) => sum + slot.energyJ, 0)).toBeCloseTo(energyJ!, 6);
      }),
    );
  });

  it('spreads what the counter added in a gap over the hours of the gap', () => {
    const at = (hour: number) => new Date(2026, 0, 12, hour).getTime();
    const read = (hour: number, dtMs: number | undefined, energyMj: number): SessionSample => ({
      tsMs: at(hour),
      dtMs,
      frame: frameWith({ energyMj }),
    });
    const { energyJ, slots } = summariseGpu('GPU', [read(20, undefined, 0), read(24, undefined, 14.4e9)]);
    expect(energyJ).toBe(14.4e6);
    expect(slots).toHaveLength(16);
    const night = [{ days: 'all' as const, fromMin: 22 * 60, toMin: 6 * 60, pricePerKwh: 0.1 }];
    expect(costOf(slots!, { pricePerKwh: 0.3, tariff: night, market: undefined })).toBeCloseTo(2 * 0.3 + 2 * 0.1);
  });

  it('is priced by the hour, over midnight and by the day', () => {
    const at = (day: number, hour: number) => new Date(2026, 0, 12 + day, hour).getTime(); // the 12th is a Monday
    const tariff = {
      market: undefined,
      pricePerKwh: 0.4,
      tariff: [
        { days: 'weekend' as const, fromMin: 0, toMin: 0, pricePerKwh: 0.1 },
        { days: 'all' as const, fromMin: 22 * 60, toMin: 6 * 60, pricePerKwh: 0.2 },
      ],
    };
    expect([at(0, 12), at(0, 23), at(1, 5), at(1, 6), at(5, 12)].map((ms) => priceAt(ms, tariff))).toEqual([
      0.4, 0.2, 0.2, 0.4, 0.1,
    ]);
    expect(
      costOf(
        [
          { fromMs: at(0, 12), energyJ: 3.6e6 },
          { fromMs: at(0, 23), energyJ: 3.6e6 },
        ],
        tariff,
      ),
    ).toBeCloseTo(0.6);
    expect(
      costOf([{ fromMs: at(0, 12), energyJ: 1 }], { pricePerKwh: null, tariff: [], market: undefined }),
    ).toBeUndefined();
    expect(withinHours(at(0, 3), 60, 240)).toBe(true);
  });

  it('is reported per output', () => {
    const curve = [0, 1, 2, 3, 4].map((s) => ({ tsMs: s * 1000, totalJ: s * 100 }));
    const marks = [
      { tsMs: 1500, count: 1 },
      { tsMs: 3500, count: 2 },
    ];
    expect(eachOutputJ(marks, curve)).toEqual([150, 100, 100]);
  });

  it('counts outputs by the program’s own counter, across its restart', () => {
    const tally = createTally();
    [10, 10, 12, 1, 2].forEach((running, i) => tally.add(running, i * 1000));
    expect(tally.total()).toBe(4);
    expect(tally.marks()).toEqual([
      { tsMs: 2000, count: 2 },
      { tsMs: 3000, count: 1 },
      { tsMs: 4000, count: 1 },
    ]);
  });
});
