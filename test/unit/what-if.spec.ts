import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whatIf, type Change, type Profile } from '../../app/wear/what-if.ts';

const profile: Profile = {
  hoursByTemp: [
    { tempC: 35, hours: 160 },
    { tempC: 62, hours: 30 },
    { tempC: 78, hours: 50 },
  ],
  resistance: { low: 0.15, value: 0.16, high: 0.17 },
  effectiveAirC: 27,
  limitW: 320,
};
const result = (change: Change, of: Profile = profile) => {
  const found = whatIf(of, change);
  if (typeof found === 'string') throw new Error(found);
  return found;
};

describe('what if', () => {
  it('lowers exposure with a power cap, by the card’s own resistance, and keeps the middle in its band', () => {
    const { peakK, exposure } = result({ kind: 'power-cap', share: 0.8 });
    expect(peakK).toBeCloseTo(27 + 0.16 * 256 - 78, 9);
    expect(exposure.low).toBeLessThan(exposure.mid);
    expect(exposure.mid).toBeLessThan(exposure.high);
    expect(exposure.high).toBeLessThan(0);
  });

  it('changes nothing where the change changes nothing', () => {
    const { exposure, meanK } = result({ kind: 'temperature-ceiling', maxC: 100 });
    expect([exposure.low, exposure.mid, exposure.high, meanK]).toEqual([0, 0, 0, 0]);
    expect(result({ kind: 'duty', factor: 1 }).exposure.mid).toBeCloseTo(0, 12);
    // a cap at the limit is none, even where a warm room once made it hotter than T = a + R·P says
    for (const effectiveAirC of [10, 27, 60]) {
      const { peakK, exposure: none } = result({ kind: 'power-cap', share: 1 }, { ...profile, effectiveAirC });
      expect([peakK, none.low, none.mid, none.high].map((change) => Math.abs(change))).toEqual([0, 0, 0, 0]);
    }
  });

  it('never raises exposure by a lower ceiling or cap, nor lowers it by leaving the card on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 90 }), fc.integer({ min: 1, max: 20 }), (maxC, less) => {
        const [warm, cool] = [maxC, maxC - less].map((limit) => result({ kind: 'temperature-ceiling', maxC: limit }));
        expect(cool!.exposure.mid).toBeLessThanOrEqual(warm!.exposure.mid);
        expect(result({ kind: 'overnight', hoursADay: less }).exposure.low).toBeGreaterThan(0);
      }),
    );
  });

  it('says what it lacks instead of guessing', () => {
    expect(whatIf({ ...profile, resistance: undefined }, { kind: 'power-cap', share: 0.8 })).toBe('no-resistance');
    expect(whatIf({ ...profile, limitW: undefined }, { kind: 'power-cap', share: 0.8 })).toBe('no-limit');
    expect(whatIf({ ...profile, hoursByTemp: [] }, { kind: 'duty', factor: 0.5 })).toBe('no-profile');
  });
});
