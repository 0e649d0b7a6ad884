import { describe, expect, it } from 'vitest';
import { createMeter } from '../../app/wear/meter.ts';
import { SOLDER } from '../../app/wear/model.ts';
import { wasPoweredOff } from '../../app/wear/power-off.ts';
import { referenceCycles } from '../../app/wear/solder.ts';
import { columnsWith, feed, HOUR, MINUTE, row, SECOND, tallyOf, total, type Step } from '../support/wear.ts';

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
