import { describe, expect, it } from 'vitest';
import { acceleration } from '../../app/wear/arrhenius.ts';
import { seqOf } from '../../app/wear/meter-state.ts';
import { ELECTROMIGRATION, MODEL_VERSION, SILICON } from '../../app/wear/model.ts';
import { feed, HOUR, SECOND, START, tallyOf, total, type Step, type WearSample } from '../support/wear.ts';

describe('time between two samples', () => {
  it('counts half at each end, for the core, the memory and each moment of the power', () => {
    const tally = tallyOf(
      { coreTempC: 60, memTempC: 70, powerW: 100 },
      { dtMs: 10 * SECOND, coreTempC: 80, memTempC: 90, powerW: 300 },
    );
    expect(tally).toMatchObject({ observedMs: 10_000, powerMs: 10_000, memMs: 10_000, powerJ: 2000 });
    expect(tally.coreMs).toEqual({ 60: 5000, 80: 5000 });
    SILICON.grid.forEach((ea, i) =>
      expect(tally.silicon[i]).toBeCloseTo(5000 * (acceleration(ea, 65, 60) + acceleration(ea, 65, 80)), 6),
    );
    ELECTROMIGRATION.exponents.forEach((n, i) =>
      ELECTROMIGRATION.energies.forEach((ea, j) => {
        const expected = 5000 * (100 ** n * acceleration(ea, 65, 60) + 300 ** n * acceleration(ea, 65, 80));
        expect(tally.electromigration[i * 3 + j]! / expected).toBeCloseTo(1, 9);
      }),
    );
    // doubling each 10 K, tenfold each 20 K, from 65 °C
    expect(tally.capacitors[0]).toBeCloseTo(5000 * (2 ** 0.5 + 2 ** 2.5), 6);
    expect(tally.capacitors[1]).toBeCloseTo(5000 * (10 ** 0.25 + 10 ** 1.25), 6);
  });

  const ends: readonly (readonly [name: string, before: Step, after: Step, sums: object])[] = [
    ['no core before', { powerW: 10 }, { coreTempC: 60, powerW: 10 }, { observedMs: 0, powerMs: 0, powerJ: 10 }],
    ['no core after', { coreTempC: 60, powerW: 10 }, { powerW: 10 }, { observedMs: 0, powerMs: 0, powerJ: 10 }],
    ['no power before', { coreTempC: 60 }, { coreTempC: 60, powerW: 9 }, { observedMs: 1000, powerMs: 0, powerJ: 0 }],
    ['no power after', { coreTempC: 60, powerW: 9 }, { coreTempC: 60 }, { observedMs: 1000, powerMs: 0, powerJ: 0 }],
    ['0 W before', { coreTempC: 60, powerW: 0 }, { coreTempC: 60, powerW: 8 }, { powerMs: 1000, powerJ: 4 }],
    ['0 W after', { coreTempC: 60, powerW: 8 }, { coreTempC: 60, powerW: 0 }, { powerMs: 1000, powerJ: 4 }],
    ['no memory before', {}, { memTempC: 60 }, { memMs: 0 }],
    ['no memory after', { memTempC: 60 }, {}, { memMs: 0 }],
    ['memory alone', { memTempC: 60 }, { memTempC: 60 }, { memMs: 1000, observedMs: 0 }],
  ];
  it.each(ends)('is observed only where both ends have the reading: %s', (_name, before, after, sums) => {
    expect(tallyOf(before, { dtMs: SECOND, ...after })).toMatchObject(sums);
  });

  it('uses the bin of the newest reading after a reading was absent', () => {
    const tally = tallyOf(
      { coreTempC: 40, memTempC: 41 },
      { dtMs: SECOND },
      { dtMs: SECOND, coreTempC: 80, memTempC: 81 },
      { dtMs: SECOND, coreTempC: 80, memTempC: 81 },
    );
    expect(tally).toMatchObject({ observedMs: 1000, memMs: 1000, coreMs: { 80: 1000 } });
    expect(tally.capacitors[0]).toBeCloseTo(1000 * 2 ** 1.6, 6);
  });

  it('is no gap when the monotonic clock did not move', () => {
    const on = { coreTempC: 60, fanPct: 50, energyMj: 0 };
    const tally = tallyOf(on, { ...on, dtMs: 0, energyMj: 2000 }, { ...on, dtMs: SECOND, energyMj: 5000 });
    expect(tally).toMatchObject({ observedMs: 1000, counterJ: 5 });
  });
});

describe('a fan speed', () => {
  const on = { coreTempC: 60 };
  const cases: readonly (readonly [name: string, steps: readonly Step[], fanMs: number, fan: readonly number[]])[] = [
    [
      'holds for 30 s',
      [
        { ...on, fanPct: 50 },
        { ...on, dtMs: 30_000 },
      ],
      30_000,
      [30_000, 30_000],
    ],
    [
      'holds no longer than 30 s',
      [
        { ...on, fanPct: 50 },
        { ...on, dtMs: 30_001 },
      ],
      0,
      [0, 0],
    ],
    [
      'holds 30 s over several samples',
      [{ ...on, fanPct: 50 }, ...Array.from({ length: 4 }, () => ({ ...on, dtMs: 10_000 }))],
      30_000,
      [30_000, 30_000],
    ],
    [
      'is held again by a new reading',
      [
        { ...on, fanPct: 50 },
        { ...on, dtMs: 20_000, fanPct: 100 },
        { ...on, dtMs: 20_000 },
      ],
      40_000,
      [40_000, 60_000],
    ],
    [
      'of 0 % is observed, without wear',
      [
        { ...on, fanPct: 0 },
        { ...on, dtMs: SECOND },
      ],
      SECOND,
      [0, 0],
    ],
    [
      'weighs by its share of 50 %',
      [
        { ...on, fanPct: 25 },
        { ...on, dtMs: SECOND },
      ],
      SECOND,
      [SECOND, 500],
    ],
    [
      'ends at a gap',
      [
        { ...on, fanPct: 50 },
        { ...on, gapMs: 5000 },
        { ...on, dtMs: SECOND },
      ],
      0,
      [0, 0],
    ],
    ['that was never read is not observed', [on, { ...on, dtMs: SECOND }], 0, [0, 0]],
  ];
  it.each(cases)('%s', (_name, steps, fanMs, fan) => {
    const tally = tallyOf(...steps);
    expect(tally.fanMs).toBe(fanMs);
    tally.fan.forEach((ms, i) => expect(ms).toBeCloseTo(fan[i]!, 9));
  });
});

describe('the counters of the card', () => {
  it('each add their own growth, in J and ms', () => {
    const counters = (by: number) => ({
      energyMj: by * 1000,
      throttledSwPowerUs: by * 2000,
      throttledSwThermalUs: by * 3000,
      throttledHwThermalUs: by * 4000,
      throttledPowerBrakeUs: by * 5000,
    });
    const tally = tallyOf({ coreTempC: 50, ...counters(7) }, { coreTempC: 50, dtMs: SECOND, ...counters(8) });
    expect(tally.counterJ).toBe(1);
    expect(tally.throttledMs).toEqual({ powerCap: 2, swThermal: 3, hwThermal: 4, powerBrake: 5 });
  });

  const growth: readonly (readonly [name: string, readings: readonly (number | undefined)[], joules: number])[] = [
    ['growth', [1000, 3000], 2],
    ['no growth', [1000, 1000], 0],
    ['not a decrease, which is a restart of the counter', [5000, 1000], 0],
    ['growth after a restart', [5000, 1000, 4000], 3],
    ['growth over a reading that is absent', [1000, undefined, 3000], 2],
    ['nothing for the first reading', [undefined, 9000], 0],
  ];
  it.each(growth)('count %s', (_name, readings, joules) => {
    const steps = readings.map((energyMj, i) => ({
      coreTempC: 50,
      ...(energyMj === undefined ? {} : { energyMj }),
      ...(i === 0 ? {} : { dtMs: SECOND }),
    }));
    expect(tallyOf(...steps).counterJ).toBe(joules);
  });
});

describe('an hour', () => {
  const at = (offsetMs: number, dtMs?: number, more: Partial<WearSample> = {}): WearSample => ({
    tsMs: START + offsetMs,
    ...(dtMs === undefined ? {} : { dtMs }),
    coreTempC: 60,
    ...more,
  });
  const cases: readonly (readonly [name: string, list: readonly WearSample[], hours: readonly number[]])[] = [
    ['holds its last millisecond', [at(0), at(HOUR - 1)], []],
    ['ends with the first sample of the next', [at(0), at(HOUR)], [0]],
    ['ends when the clock is set back before it', [at(HOUR), at(HOUR - 1)], [HOUR]],
    ['holds its first millisecond when the clock is set back', [at(HOUR + 5), at(HOUR)], []],
    ['is skipped where nothing was recorded', [at(0), at(3 * HOUR), at(4 * HOUR)], [0, 3 * HOUR]],
  ];
  it.each(cases)('%s', (_name, list, hours) => {
    expect(feed(list).cells.map(({ hourMs }) => hourMs - START)).toEqual(hours);
  });

  it('is numbered, dated by its first sample and begins from zero', () => {
    const rich = { powerW: 100, memTempC: 50, fanPct: 50 };
    const { cells, state } = feed([
      at(HOUR / 2, undefined, { ...rich, energyMj: 0 }),
      at(HOUR / 2 + SECOND, SECOND, { ...rich, energyMj: 1000, coreTempC: 90 }),
      at(HOUR / 2 + 2 * SECOND, SECOND, { ...rich, energyMj: 2000, coreTempC: 60 }),
      at(HOUR / 2 + 3 * SECOND, SECOND, { ...rich, energyMj: 2500, coreTempC: 95 }),
      at(HOUR + 7, undefined, { ...rich, energyMj: 3000 }),
      at(HOUR + 8, 1, { ...rich, energyMj: 3001 }),
      at(2 * HOUR + 9, undefined),
    ]);
    const facts = cells.map(({ hourMs, firstMs, seq, modelVersion, tally }) => ({
      hour: hourMs - START,
      first: firstMs - START,
      seq,
      modelVersion,
      observedMs: tally.observedMs,
      counterJ: tally.counterJ,
      binnedMs: total(tally.coreMs),
    }));
    expect(facts).toEqual([
      {
        hour: 0,
        first: HOUR / 2,
        seq: 0,
        modelVersion: MODEL_VERSION,
        observedMs: 3000,
        counterJ: 2.5,
        binnedMs: 3000,
      },
      { hour: HOUR, first: HOUR + 7, seq: 1, modelVersion: MODEL_VERSION, observedMs: 1, counterJ: 0.001, binnedMs: 1 },
    ]);
    expect(cells[0]!.tally.cycles).toEqual({ '30/90/0': 1 });
    expect(cells[1]!.tally.cycles).toEqual({});
    expect(cells[1]!.tally).toMatchObject({ powerMs: 1, memMs: 1, fanMs: 1 });
    expect(seqOf(state)).toBe(2);
    expect(seqOf({ ...state, at: [] })).toBe(0);
  });

  it('counts the interval across its end in the hour that it began in', () => {
    const { cells } = feed([at(HOUR - SECOND), at(HOUR + SECOND, 2 * SECOND)]);
    expect(cells[0]!.tally.observedMs).toBe(2000);
  });
});
