import { describe, expect, it } from 'vitest';
import { createNumberFormatter } from '../../app/core/format.ts';
import { text } from '../../app/core/i18n.ts';
import { summariseExposure, type FamilyId } from '../../app/wear/exposure.ts';
import { exposureJson } from '../../app/wear/export.ts';
import { earlyText, noRateText } from '../../app/wear/family-text.ts';
import { emptyTally, type Tally } from '../../app/wear/tally.ts';

const HOUR = 3_600_000;
const format = createNumberFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });

/** A card that was observed for some hours with every sensor, at the reference. */
function observed(hours: number, swings = 0): Tally {
  const ms = hours * HOUR;
  const empty = emptyTally();
  return {
    ...empty,
    observedMs: ms,
    powerMs: ms,
    memMs: ms,
    fanMs: ms,
    silicon: empty.silicon.map(() => ms),
    electromigration: empty.electromigration.map(() => ms),
    capacitors: empty.capacitors.map(() => ms),
    fan: empty.fan.map(() => ms),
    solder: empty.solder.map(() => swings),
    cycles: swings > 0 ? { '40/80/1': swings } : {},
  };
}
const exposure = (hours: number, swings = 0) => summariseExposure(observed(hours, swings), { defaultLimitW: 300 });
const family = (id: FamilyId, hours: number, swings = 0) => exposure(hours, swings).families[id]!;

describe('a rate', () => {
  it.each(['M1', 'M2', 'M4', 'M5'] as const)('of %s needs one hour, and is marked for a day', (id) => {
    expect([0.999, 1, 23.999, 24].map((hours) => family(id, hours).state)).toEqual([
      'withheld',
      'first-day',
      'first-day',
      'shown',
    ]);
    expect(family(id, 0.25)).toMatchObject({ needs: { observedHours: 1 }, missing: { observedHours: 0.75 }, sets: [] });
    expect(family(id, 0.999).rate).toBeUndefined();
    expect(family(id, 0.999).equivalentHours).toBeDefined(); // a sum, not extrapolated
    expect(family(id, 1).rate).toBeDefined();
    expect(family(id, 1)).not.toHaveProperty('missing');
  });

  it.each([
    [168, 3, 'shown'],
    [167.999, 3, 'withheld'],
    [168, 2.5, 'withheld'],
    [1000, 0, 'withheld'],
  ] as const)('of solder after %d h and %d swings is %s', (hours, swings, state) => {
    const solder = family('M3', hours, swings);
    expect(solder.state).toBe(state);
    expect(solder.rate === undefined).toBe(state === 'withheld');
    expect(solder.sets.length > 0).toBe(state === 'shown');
  });

  it.each([
    [0.5, false],
    [1, true],
  ])('of solder is withheld, but its hours are shown from the first counted swing: %d', (swings, shown) => {
    expect(family('M3', 24, swings).equivalentHours !== undefined).toBe(shown);
  });

  it('counts the hours of the family’s own readings', () => {
    const { families } = summariseExposure({ ...observed(30), memMs: HOUR / 2 }, { defaultLimitW: 300 });
    expect([families.M1!.state, families.M4!.state]).toEqual(['shown', 'withheld']);
  });
});

describe('a family without a rate', () => {
  it('says what is missing, in words and in JSON', () => {
    const short = exposure(16 / 3600, 0.5);
    expect(noRateText(text, format, 'M1', short)).toBe('not shown yet: needs 1 h observed, has 16 s');
    expect(noRateText(text, format, 'M3', short)).toBe(
      'not shown yet: needs 7 d observed, has 16 s; needs 3 swings of 3 K or more, has 0.5',
    );
    expect(noRateText(text, format, 'M3', exposure(200, 1))).toBe(
      'not shown yet: needs 3 swings of 3 K or more, has 1',
    );
    const { per_family } = exposureJson(short);
    for (const id of ['M1', 'M2', 'M3', 'M4', 'M5'])
      expect(per_family[id]).toMatchObject({
        state: 'withheld',
        reason: 'not-enough-observed',
        missing: { observed_hours: expect.any(Number) },
        rate_low: null,
        rate_mid: null,
        rate_high: null,
      });
  });

  it('says in JSON why it is not computed, and is never just absent', () => {
    const { per_family } = exposureJson(summariseExposure({ ...observed(30), memMs: 0, fanMs: 0, powerMs: 0 }));
    expect(Object.entries(per_family).map(([id, one]) => [id, one.state, 'reason' in one ? one.reason : ''])).toEqual([
      ['M1', 'shown', ''],
      ['M2', 'not-computed', 'no-power'],
      ['M3', 'withheld', 'not-enough-observed'],
      ['M4', 'not-computed', 'no-memory-sensor'],
      ['M5', 'not-computed', 'no-fan'],
    ]);
    expect(Object.keys(exposureJson(summariseExposure(emptyTally())).per_family)).toHaveLength(5);
  });

  it('has nothing to say once its rate is shown, but for the first day', () => {
    expect(noRateText(text, format, 'M1', exposure(30))).toBeUndefined();
    expect(earlyText(text, format, family('M1', 2))).toBe('first day: 2 h observed');
    expect(earlyText(text, format, family('M1', 30))).toBeUndefined();
  });
});

it('an exposure has no figure over all families: nothing calibrates their weights', () => {
  const json = exposureJson(exposure(1000, 9));
  for (const gone of ['headline', 'envelope', 'band', 'combined']) {
    expect(json).not.toHaveProperty(gone);
    expect(exposure(1000, 9)).not.toHaveProperty(gone);
  }
});
