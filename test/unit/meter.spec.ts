import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equivalentHours } from '../../app/wear/arrhenius.ts';
import { summariseExposure } from '../../app/wear/exposure.ts';
import { ELECTROMIGRATION, SILICON, SOLDER } from '../../app/wear/model.ts';
import { referenceCycles } from '../../app/wear/solder.ts';
import { columnsWith, feed, histories, type WearSample } from '../support/wear.ts';
import { replayExposure } from '../../app/wear/replay.ts';

const START = Date.UTC(2026, 2, 1);
const HOUR = 3_600_000;

/** One sample a step at these readings. */
const steady = (count: number, readings: Partial<WearSample>, dtMs = 1000): WearSample[] =>
  Array.from({ length: count }, (_, i) => ({
    tsMs: START + i * dtMs,
    ...(i === 0 ? {} : { dtMs }),
    ...readings,
  }));

const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('the meter', () => {
  it('gives the same when the history is fed in two parts with a restart in between', () => {
    fc.assert(
      fc.property(histories, fc.nat(), (list, cut) => {
        const at = cut % (list.length + 1);
        const first = clone(feed(list.slice(0, at)));
        expect(clone(feed(list.slice(at), first))).toEqual(clone(feed(list)));
      }),
    );
  });

  it('has bins that sum to the hours observed, and observes only between two readings without a gap', () => {
    fc.assert(
      fc.property(histories, (list) => {
        const { tally } = feed(list);
        const expected = list.reduce(
          (sum, sample, i) =>
            sample.dtMs !== undefined && sample.coreTempC !== undefined && list[i - 1]?.coreTempC !== undefined
              ? sum + sample.dtMs
              : sum,
          0,
        );
        const binned = Object.values(tally.coreMs).reduce((sum, ms) => sum + ms, 0);
        expect(binned).toBeCloseTo(tally.observedMs, 6);
        expect(tally.observedMs).toBeCloseTo(expected, 6);
      }),
    );
  });

  it('adds nothing for a gap, however long it lasts', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 10 ** 10 }), (list, more) => {
        let added = 0;
        // a growing counter shows that the card was never off: a long gap alone is not a power-off
        const on = list.map((sample, i) => ({ ...sample, energyMj: i * 1000 }));
        const longer = on.map((sample) => {
          if (sample.dtMs === undefined) added += more;
          return { ...sample, tsMs: sample.tsMs + added };
        });
        const [a, b] = [feed(on).tally, feed(longer).tally];
        a.solderInferred.forEach((cycles) => expect(cycles).toBeCloseTo(0, 9));
        expect(b.observedMs).toBeCloseTo(a.observedMs, 3);
        a.silicon.forEach((ms, i) => expect(b.silicon[i]).toBeCloseTo(ms, 3));
        a.solder.forEach((cycles, i) => expect(b.solder[i]).toBeCloseTo(cycles, 9));
        expect(b.cycles).toEqual(a.cycles);
      }),
    );
  });

  it('is never less for a hotter history, in any family and for any parameter set', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 20 }), (list, more) => {
        const hotter = list.map((sample) => ({
          ...sample,
          ...(sample.coreTempC === undefined ? {} : { coreTempC: sample.coreTempC + more }),
          ...(sample.memTempC === undefined ? {} : { memTempC: sample.memTempC + more }),
        }));
        const [cool, hot] = [feed(list).tally, feed(hotter).tally];
        for (const key of ['silicon', 'electromigration', 'solder', 'capacitors'] as const) {
          cool[key].forEach((amount, i) => expect(hot[key][i]!).toBeGreaterThanOrEqual(amount * (1 - 1e-12)));
        }
      }),
    );
  });

  it('is the reference at the reference: 65 °C, 60 % of the limit, memory at 65 °C', () => {
    const { tally } = feed(
      steady(4000, { coreTempC: 65, memTempC: 65, powerW: 180, fanPct: 50, powerDefaultLimitW: 300 }),
    );
    const { families } = summariseExposure(tally, { defaultLimitW: 300, airC: { low: 40, mid: 40, high: 40 } });
    for (const id of ['M1', 'M2', 'M4', 'M5'] as const) {
      for (const { name, rate } of families[id]!.sets)
        expect([id, name, rate]).toEqual([id, name, expect.closeTo(1, 12)]);
    }
  });

  it('agrees with the published equations on a profile, for every activation energy', () => {
    const profile = [
      { hours: 3, tempC: 78, powerW: 320 },
      { hours: 5, tempC: 62, powerW: 180 },
      { hours: 16, tempC: 38, powerW: 25 },
    ];
    // each level is fed as a separate history, joined by gaps, so that no interval lies between two levels
    let tsMs = START;
    const list = profile.flatMap(({ hours, tempC, powerW }) =>
      Array.from({ length: hours * 720 + 1 }, (_, i): WearSample => {
        tsMs += 5000;
        return { tsMs, ...(i === 0 ? {} : { dtMs: 5000 }), coreTempC: tempC, powerW, powerDefaultLimitW: 200 / 0.6 };
      }),
    );
    const { families } = replayExposure([columnsWith(list)]);
    SILICON.grid.forEach((ea, i) => {
      const total = equivalentHours(ea, 65, profile).reduce((sum, hours) => sum + hours, 0);
      expect(families.M1!.sets[i]!.rate).toBeCloseTo(total / 24, 9);
    });
    // the worked day of the model: 0.707 – 0.931 – 1.265
    expect(families.M2!.rate!.low).toBeCloseTo(0.707, 3);
    expect(families.M2!.rate!.mid).toBeCloseTo(0.931, 3);
    expect(families.M2!.rate!.high).toBeCloseTo(1.265, 3);
    expect(families.M2!.sets).toHaveLength(ELECTROMIGRATION.exponents.length * ELECTROMIGRATION.energies.length);
  });

  it('counts a swing once, with its dwell, and leaves out what is below 3 K', () => {
    // up for two hours, down for one
    const temps = [60, 61, 60, 62, 60, ...Array<number>(7200).fill(80), ...Array<number>(3600).fill(60)];
    const list = temps.map((coreTempC, i) => ({
      tsMs: START + i * 1000,
      ...(i === 0 ? {} : { dtMs: 1000 }),
      coreTempC,
    }));
    const { tally } = feed(list);
    expect(Object.values(tally.cycles)).toEqual([0.5, 0.5]);
    const theta = [(temps.length - 3600 - 1) / 3600, 1];
    SOLDER.forEach((set, i) => {
      // the half cycle up begins at the first sample, the one down at the last moment of the plateau
      const both = 0.5 * (referenceCycles(20, theta[0]!, 80, set) + referenceCycles(20, theta[1]!, 80, set));
      expect(tally.solder[i]! / both).toBeCloseTo(1, 9);
    });
  });

  it('reports a power-off separately: only as an inferred swing, and only where the energy counter restarted', () => {
    const warm = steady(600, { coreTempC: 60, powerW: 200 });
    const later = (energyMj: number, gapMs: number) =>
      steady(600, { coreTempC: 58, powerW: 200, energyMj }).map((sample, i) => ({
        ...sample,
        tsMs: sample.tsMs + 600_000 + gapMs,
        ...(i === 0 ? { dtMs: undefined } : {}),
      })) as WearSample[];
    const before = warm.map((sample) => ({ ...sample, energyMj: 5_000_000 }));
    const off = feed([...before, ...later(1000, 8 * HOUR)]).tally;
    const on = feed([...before, ...later(6_000_000, 8 * HOUR)]).tally;
    const brief = feed([...before, ...later(1000, 60_000)]).tally;
    expect(off.solder).toEqual(on.solder);
    expect(off.solderInferred[1]).toBeGreaterThan(0.5);
    for (const tally of [on, brief]) tally.solderInferred.forEach((more) => expect(more).toBeCloseTo(0, 12));
    const weeks = { ...off, observedMs: 200 * HOUR, cycles: { '40/80/1': 3 } };
    const { M3 } = summariseExposure(weeks).families;
    expect(M3!.withInferred!.mid).toBeGreaterThan(M3!.rate!.mid);
  });

  it('takes a power-off as the end of what was measured: what lies before and after it adds up, no more', () => {
    const temps = fc.array(fc.integer({ min: 25, max: 95 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(temps, temps, (before, after) => {
        const list = (values: readonly number[], startMs: number): WearSample[] =>
          values.map((coreTempC, i) => ({
            tsMs: startMs + i * 9000,
            ...(i === 0 ? {} : { dtMs: 9000 }),
            coreTempC,
            energyMj: 1000 + i,
          }));
        const [first, second] = [list([...before, 90, 60], START), list(after, START + 9 * HOUR)];
        // the counter of the first ends higher than that of the second begins
        const whole = feed([...first, ...second.map((sample, i) => ({ ...sample, energyMj: i }))]).tally;
        const [a, b] = [feed(first).tally, feed(second).tally];
        SOLDER.forEach((_, i) => {
          expect(whole.solder[i]).toBeCloseTo(a.solder[i]! + b.solder[i]!, 9);
          // with the way down it is never less
          expect(whole.solderInferred[i]).toBeGreaterThanOrEqual(-1e-9);
        });
        const counts = (cycles: Record<string, number>): number => Object.values(cycles).reduce((x, y) => x + y, 0);
        expect(counts(whole.cycles)).toBeCloseTo(counts(a.cycles) + counts(b.cycles), 9);
      }),
    );
  });

  it('does not count the growth of a counter during a gap', () => {
    const list: WearSample[] = [
      { tsMs: START, coreTempC: 50, energyMj: 1000, throttledSwPowerUs: 0 },
      { tsMs: START + 1000, dtMs: 1000, coreTempC: 50, energyMj: 3000, throttledSwPowerUs: 500 },
      { tsMs: START + HOUR, coreTempC: 50, energyMj: 900_000, throttledSwPowerUs: 10 ** 9 },
      { tsMs: START + HOUR + 1000, dtMs: 1000, coreTempC: 50, energyMj: 901_000, throttledSwPowerUs: 10 ** 9 + 500 },
    ];
    const { tally } = feed(list);
    expect(tally.counterJ).toBeCloseTo(3, 12);
    expect(tally.throttled['power-cap']).toEqual({ ms: 1, knownMs: 2000 });
  });

  it('keeps the middle of every family inside its band', () => {
    fc.assert(
      fc.property(histories, (list) => {
        const { families } = summariseExposure(feed(list).tally, { defaultLimitW: 300 });
        for (const { rate, equivalentHours } of Object.values(families)) {
          for (const { low, mid, high } of [rate, equivalentHours].filter((band) => band !== undefined)) {
            expect(low).toBeLessThanOrEqual(mid);
            expect(mid).toBeLessThanOrEqual(high);
          }
        }
      }),
    );
  });

  it('says why a family is not computed instead of giving 0', () => {
    expect(summariseExposure(feed([]).tally).off).toEqual({
      M1: 'not-observed',
      M2: 'not-observed',
      M3: 'not-observed',
      M4: 'no-memory-sensor',
      M5: 'no-fan',
    });
    const { families, off } = summariseExposure(feed(steady(10, { coreTempC: 50, powerW: 20 })).tally);
    expect(families.M4).toBeUndefined();
    expect(off).toEqual({ M2: 'no-default-limit', M4: 'no-memory-sensor', M5: 'no-fan' });
  });
});
