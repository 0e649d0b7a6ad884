// A separate file: a thread, in which mutants are tested, cannot change its time zone.
import { describe, expect, it } from 'vitest';
import { createSlots } from '../../app/workload/energy/slots.ts';
import { costOf } from '../../app/workload/energy/tariff.ts';
import { addPrices, marketOf } from '../../app/workload/prices/market.ts';
import { inZone } from '../support/zone.ts';

const HOUR = 3_600_000;
const KWH = 3.6e6;

describe('what a session cost', () => {
  it.each([
    ['2026-03-29', 23, 0], // the clock goes from two to three: no hour is from two to three
    ['2026-10-24', 24, 1],
    ['2026-10-25', 25, 2], // and back: that hour comes twice
  ] as const)(
    'on %s, a day of %d hours in Rome, is by the clock for bands, by the moment for imported prices',
    (day, hours, dear) => {
      inZone('Europe/Rome');
      const fromMs = new Date(`${day}T00:00:00`).getTime();
      const band = (fromMin: number, toMin: number) => [{ days: 'all' as const, fromMin, toMin, pricePerKwh: 1 }];
      const quarters = Array.from({ length: hours * 4 }, (_, i) => ({ fromMs: fromMs + i * 900_000, energyJ: 0.9e6 }));
      expect(new Date(quarters.at(-1)!.fromMs).getHours()).toBe(23);
      const whole = { pricePerKwh: 0.1, tariff: band(120, 180), market: undefined };
      expect(costOf(quarters, whole)).toBeCloseTo(dear + (hours - dear) * 0.1);

      const slots = createSlots();
      slots.add(hours * KWH, fromMs, fromMs + hours * HOUR);
      const steady = slots.result();
      expect(costOf(steady, { pricePerKwh: 0, tariff: band(127, 143), market: undefined })).toBeCloseTo(
        (dear * 16) / 60,
        6,
      );
      const slices = Array.from({ length: hours }, (_, i) => ({
        fromMs: fromMs + i * HOUR,
        toMs: fromMs + (i + 1) * HOUR,
        perKwh: i,
      }));
      const source = { file: 'a.csv', format: 'iso', series: 'p', importedMs: 0, fromMs: 0, toMs: 0, count: 0 };
      const book = addPrices(undefined, slices, 'EUR', source);
      const market = marketOf(book, { currency: 'EUR', marketSurchargePerKwh: 0, marketTaxPct: 0 });
      expect(costOf(steady, { pricePerKwh: null, tariff: [], market })).toBeCloseTo((hours * (hours - 1)) / 2, 6);
    },
  );
});
