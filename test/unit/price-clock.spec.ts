// A separate file: a thread, in which mutants are tested, cannot change its time zone.
import { describe, expect, it, onTestFinished } from 'vitest';
import { costOf } from '../../app/workload/energy/tariff.ts';

describe('what a session cost', () => {
  it.each([
    ['2026-03-29', 23, 0], // the clock goes from two to three: no hour is from two to three
    ['2026-10-24', 24, 1],
    ['2026-10-25', 25, 2], // and back: that hour comes twice
  ] as const)('is priced by the clock on the wall on %s, a day of %d hours in Rome', (day, hours, dear) => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Europe/Rome';
    onTestFinished(() => {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    });
    const fromMs = new Date(`${day}T00:00:00`).getTime();
    const tariff = [{ days: 'all' as const, fromMin: 120, toMin: 180, pricePerKwh: 1 }];
    const slots = Array.from({ length: hours * 4 }, (_, i) => ({ fromMs: fromMs + i * 900_000, energyJ: 0.9e6 }));
    expect(new Date(slots.at(-1)!.fromMs).getHours()).toBe(23);
    expect(costOf(slots, { pricePerKwh: 0.1, tariff, market: undefined })).toBeCloseTo(dear + (hours - dear) * 0.1);
  });
});
