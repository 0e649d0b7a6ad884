import { describe, expect, it } from 'vitest';
import { acceleration } from '../../app/wear/arrhenius.ts';
import { seqOf, type MeterState } from '../../app/wear/meter-state.ts';
import { createMeter, meterTally, type HourCell } from '../../app/wear/meter.ts';
import { ELECTROMIGRATION, MODEL_VERSION, SILICON, SOLDER } from '../../app/wear/model.ts';
import { wasPoweredOff } from '../../app/wear/power-off.ts';
import { referenceCycles } from '../../app/wear/solder.ts';
import { emptyTally, type EndedTally } from '../../app/wear/tally.ts';
import { columnsWith, feed, type WearSample } from '../support/wear.ts';

const START = Date.UTC(2026, 2, 1);
const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

type Step = Omit<WearSample, 'tsMs'> & { readonly gapMs?: number };

/** Samples in a row: `dtMs` after the one before, or `gapMs` after a gap. */
function row(...steps: readonly Step[]): WearSample[] {
  let tsMs = START;
  return steps.map(({ gapMs, ...readings }) => {
    tsMs += readings.dtMs ?? gapMs ?? 0;
    return { tsMs, ...readings };
  });
}
const tallyOf = (...steps: readonly Step[]) => feed(row(...steps)).tally;
const total = (cycles: Readonly<Record<string, number>>): number =>
  Object.values(cycles).reduce((sum, count) => sum + count, 0);

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
    expect(tally.throttled).toEqual({
      'power-cap': { ms: 2, knownMs: SECOND },
      heat: { ms: 7, knownMs: SECOND },
      'power-brake': { ms: 5, knownMs: SECOND },
    });
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

describe('a power-off', () => {
  const cases: readonly (readonly [
    name: string,
    gap: { readonly gapMs: number; readonly coreC: number; readonly energy: readonly [number, number] },
    off: boolean,
  ])[] = [
    ['needs half an hour', { gapMs: 30 * MINUTE, coreC: 60, energy: [5, 4] }, true],
    ['is not shorter than half an hour', { gapMs: 30 * MINUTE - 1, coreC: 60, energy: [5, 4] }, false],
    ['is not known without a gap', { gapMs: Number.NaN, coreC: 20, energy: [5, 4] }, false],
    ['is none where the energy counter stayed', { gapMs: HOUR, coreC: 20, energy: [5, 5] }, false],
    ['is none where the energy counter grew', { gapMs: HOUR, coreC: 20, energy: [5, 6] }, false],
    ['is read from a cold card without a counter', { gapMs: HOUR, coreC: 45, energy: [NaN, NaN] }, true],
    ['is not read from a warm card', { gapMs: HOUR, coreC: 45.1, energy: [NaN, NaN] }, false],
    ['needs the counter before, else the temperature', { gapMs: HOUR, coreC: 45, energy: [NaN, 9] }, true],
    ['needs the counter after, else the temperature', { gapMs: HOUR, coreC: 45, energy: [1, NaN] }, true],
  ];
  it.each(cases)('%s', (_name, { gapMs, coreC, energy: [energyBeforeMj, energyAfterMj] }, off) => {
    expect(wasPoweredOff({ gapMs, coreC, energyBeforeMj, energyAfterMj })).toBe(off);
  });

  it('infers the way down to 25 °C and back up, with the time in which the card was off', () => {
    const tally = tallyOf(
      { coreTempC: 65, energyMj: 9 },
      { dtMs: SECOND, coreTempC: 65, energyMj: 9 },
      { gapMs: 4 * HOUR, coreTempC: 55, energyMj: 1 },
    );
    expect(total(tally.cycles)).toBe(0);
    expect(tally.inferredCycles).toEqual({ '40/65/4': 0.5, '30/55/0': 0.5 });
    SOLDER.forEach((set, i) => {
      const down = referenceCycles(40, 4, 65, set);
      const up = referenceCycles(30, 0, 55, set);
      expect(tally.solderInferred[i]! / (0.5 * (down + up))).toBeCloseTo(1, 9);
    });
  });

  it('ends the measured swings as half cycles and restarts them', () => {
    const tally = tallyOf(
      { coreTempC: 40, energyMj: 9 },
      { dtMs: SECOND, coreTempC: 80, energyMj: 9 },
      { gapMs: HOUR, coreTempC: 50, energyMj: 1 },
      { dtMs: SECOND, coreTempC: 70, energyMj: 1 },
    );
    expect(tally.cycles).toEqual({ '40/80/0': 0.5, '20/70/0': 0.5 });
  });

  it('is not seen in a sample without a temperature', () => {
    const list = row({ coreTempC: 80, energyMj: 9 }, { gapMs: HOUR, energyMj: 1 }, { dtMs: SECOND, coreTempC: 30 });
    expect(feed(list).tally.inferredCycles).toEqual({ '50/80/0': 0 });
  });

  it('is followed by a room that is colder than 25 °C where the first reading says so', () => {
    const tally = tallyOf({ coreTempC: 60, energyMj: 9 }, { gapMs: HOUR, coreTempC: 20, energyMj: 1 });
    expect(tally.inferredCycles).toEqual({ '40/60/3': 0.5 });
  });
});

describe('swings', () => {
  const swing = (rangeK: number): Step[] => [
    { coreTempC: 60 },
    { dtMs: SECOND, coreTempC: 60 + rangeK },
    { dtMs: SECOND, coreTempC: 60 + rangeK },
    { dtMs: SECOND, coreTempC: 60 },
  ];

  it.each([
    [2.9, 0],
    [3, 1],
  ])('of %d K count %d times: below 3 K they are noise', (rangeK, count) => {
    expect(total(tallyOf(...swing(rangeK)).cycles)).toBe(count);
  });

  it('are dated along the observed time: a plateau belongs to the half cycle before it', () => {
    const tally = tallyOf(
      { coreTempC: 60 },
      { dtMs: SECOND, coreTempC: 80 },
      { dtMs: HOUR, coreTempC: 80 },
      { dtMs: SECOND, coreTempC: 50 },
    );
    expect(tally.cycles).toEqual({ '20/80/3': 0.5, '30/80/0': 0.5 });
    SOLDER.forEach((set, i) => {
      const both = referenceCycles(20, 1 + 1 / 3600, 80, set) + referenceCycles(30, 1 / 3600, 80, set);
      expect(tally.solder[i]! / (0.5 * both)).toBeCloseTo(1, 9);
    });
  });

  it('continue over samples without a temperature', () => {
    const tally = tallyOf(
      { coreTempC: 60 },
      { dtMs: SECOND, memTempC: 50 },
      { dtMs: SECOND, coreTempC: 80 },
      { dtMs: SECOND },
      { dtMs: SECOND, coreTempC: 70 },
    );
    expect(tally.cycles).toEqual({ '20/80/0': 0.5, '10/80/0': 0.5 });
  });

  it('that close after a power-off count in the hour in which they close, as the difference to the measured ones', () => {
    const steps = row(
      { coreTempC: 65, energyMj: 9 },
      { gapMs: 4 * HOUR, coreTempC: 70, energyMj: 1 },
      { dtMs: SECOND, coreTempC: 40, energyMj: 2 },
    );
    const { state } = feed(steps);
    expect(state.tally.inferredCycles).toEqual({ '40/65/4': 0.5 });
    expect(feed(steps).tally.inferredCycles).toEqual({ '40/65/4': 0.5, '45/70/0': 0.5, '30/70/0': 0 });
  });

  it('stay open in the meter, and are reported as if the history ended now', () => {
    const meter = createMeter(() => undefined);
    meter.feed(columnsWith(row({ coreTempC: 40 }, { dtMs: SECOND, coreTempC: 80 })));
    expect(meter.current()!.tally.cycles).toEqual({});
    const first = meter.openSwings();
    expect(first.cycles).toEqual({ '40/80/0': 0.5 });
    expect(first.solder[1]).toBeCloseTo(0.5 * referenceCycles(40, 1 / 3600, 80, SOLDER[1]!), 12);
    first.solderInferred.forEach((cycles) => expect(cycles).toBeCloseTo(0, 12));
    expect(first.observedMs).toBe(0);
    expect(meter.openSwings()).toEqual(first);
  });
});

describe('a meter', () => {
  it('has nothing to report before its first sample', () => {
    const meter = createMeter(() => expect.unreachable());
    expect([meter.current(), meter.lastMs(), meter.limitW()]).toEqual([undefined, undefined, undefined]);
    expect(meterTally([], meter)).toEqual(emptyTally());
    expect(meter.save()).toEqual({
      modelVersion: MODEL_VERSION,
      at: [null, null, 0, null, null, null, null, null, 0, null, 0, 0, null, null, null],
      sums: Array<number>(14).fill(0),
      throttling: Array<null>(6).fill(null),
      tally: emptyTally(),
      bins: [{}, {}, {}, {}, {}],
      measured: { stack: [], direction: 0 },
      inferred: { stack: [], direction: 0 },
    });
  });

  it('reports its newest sample and the power limit that was read last', () => {
    const meter = createMeter(() => undefined);
    meter.feed(
      columnsWith(
        row({ powerDefaultLimitW: 300 }, { dtMs: SECOND, powerDefaultLimitW: 320 }, { dtMs: SECOND, coreTempC: 50 }),
      ),
    );
    expect([meter.lastMs(), meter.limitW()]).toEqual([START + 2 * SECOND, 320]);
  });

  it('reads only the samples it is asked to read', () => {
    const columns = columnsWith(row(...Array.from({ length: 5 }, (_, i) => ({ dtMs: SECOND, coreTempC: 50 + i }))));
    const meter = createMeter(() => undefined);
    meter.feed(columns, 1, 3);
    expect(meter.lastMs()).toBe(columns.tsMs[2]);
    expect(meter.current()!.tally.coreMs).toEqual({ 51: 500, 52: 500 });
    meter.feed(columns, 3);
    expect(meter.current()!.tally.observedMs).toBe(3000);
  });

  const history = row(
    { coreTempC: 60, powerW: 100, memTempC: 70, fanPct: 40, energyMj: 10, powerDefaultLimitW: 300 },
    { dtMs: SECOND, coreTempC: 60, powerW: 120, memTempC: 71, energyMj: 30, throttledSwPowerUs: 5 },
    { dtMs: SECOND, coreTempC: 75, powerW: 300, memTempC: 80, fanPct: 60, energyMj: 90, throttledSwPowerUs: 9 },
    { dtMs: SECOND, coreTempC: 75, powerW: 310, memTempC: 82, energyMj: 120 },
    { dtMs: SECOND, coreTempC: 62, powerW: 50, memTempC: 70 },
    { gapMs: 2 * HOUR, coreTempC: 30, powerW: 10, memTempC: 33, fanPct: 0, energyMj: 1 },
    { dtMs: SECOND, coreTempC: 30, powerW: 12, memTempC: 34, energyMj: 8 },
    { dtMs: SECOND, coreTempC: 55, powerW: 200, memTempC: 50, fanPct: 35, energyMj: 70 },
    { dtMs: SECOND, coreTempC: 50, powerW: 90, memTempC: 48, energyMj: 99 },
  );
  it('continues from the state of an earlier version, which knew the counters but not the reasons', () => {
    const { state: now } = feed(history.slice(0, 3));
    const counterTimes = { powerCap: 1, swThermal: 0, hwThermal: 0, powerBrake: 0 };
    const earlierTally: EndedTally = { ...now.tally, throttledMs: counterTimes };
    Reflect.deleteProperty(earlierTally, 'throttled');
    const earlier: MeterState = {
      ...now,
      throttling: [],
      at: now.at.slice(0, 14),
      sums: now.sums.slice(0, 7),
      counters: [90, 9, null, null, null],
      grown: [80, 4, 0, 0, 0],
      tally: earlierTally,
    };
    const { tally } = feed(history.slice(3), { cells: [], state: earlier });
    const whole = feed(history).tally;
    expect(tally.counterJ).toBeCloseTo(whole.counterJ, 12);
    expect(tally.observedMs).toBe(whole.observedMs);
    expect(tally.throttled['power-cap']).toEqual({ ms: 0, knownMs: 0 });
    expect(tally).not.toHaveProperty('throttledMs');
  });

  it.each(history.map((_, i) => i))('continues after a restart at sample %d as if nothing had happened', (cut) => {
    const first = JSON.parse(JSON.stringify(feed(history.slice(0, cut)))) as ReturnType<typeof feed>;
    const saved = structuredClone(first.state);
    const resumed = feed(history.slice(cut), first);
    expect(first.state).toEqual(saved); // what was saved is not changed by the meter that continues from it
    expect(JSON.parse(JSON.stringify(resumed))).toEqual(JSON.parse(JSON.stringify(feed(history))));
  });

  it('saves a copy: what is fed later does not change it', () => {
    const meter = createMeter(() => undefined);
    meter.feed(columnsWith(history.slice(0, 3)));
    const saved = meter.save();
    const before = structuredClone(saved);
    meter.feed(columnsWith(history.slice(3)));
    expect(saved).toEqual(before);
  });

  it('adds ended hours, the current hour and open swings', () => {
    const ended: HourCell[] = [];
    const meter = createMeter((cell) => ended.push(cell));
    meter.feed(
      columnsWith([
        { tsMs: START, coreTempC: 40 },
        { tsMs: START + SECOND, dtMs: SECOND, coreTempC: 80 },
        { tsMs: START + HOUR, coreTempC: 80 },
        { tsMs: START + HOUR + SECOND, dtMs: SECOND, coreTempC: 80 },
      ]),
    );
    const sum = meterTally(
      ended.map(({ tally }) => tally),
      meter,
    );
    expect(sum).toMatchObject({ observedMs: 2000, coreMs: { 40: 500, 80: 1500 }, cycles: { '40/80/0': 0.5 } });
  });
});
