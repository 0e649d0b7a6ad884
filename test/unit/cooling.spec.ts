import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coolingLevel } from '../../app/wear/cooling/resistance.ts';
import type { CoolingTrend } from '../../app/wear/cooling/trend-schema.ts';
import { coolingTrend } from '../../app/wear/cooling/trend.ts';
import { simulateWindows, START } from '../support/cooling.ts';

const DAY_MS = 86_400_000;
const at = (day: number): number => START + day * DAY_MS;

function trendOn(windows: Parameters<typeof coolingTrend>[0], day: number): CoolingTrend | undefined {
  const found = coolingTrend(windows, { nowMs: at(day), slowdownC: 93 });
  return 'missing' in found ? undefined : found;
}

// SLOWBURN_LONG=1 runs the long form
const RUNS = process.env['SLOWBURN_LONG'] ? 2000 : 200;
const YEARS = process.env['SLOWBURN_LONG'] ? 200 : 8;

const table = (rows: readonly (readonly [string, string])[]): void => {
  const width = Math.max(...rows.map(([name]) => name.length));
  process.stdout.write(`${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}\n`);
};

describe('the cooling trend on simulated cards', () => {
  it('has an interval that covers the truth, whatever the room and the fan curve do', () => {
    let covered = 0;
    let told = 0;
    let width = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const truth = 0.9 + (seed % 41) / 100; // 0.90 – 1.30
      const windows = simulateWindows({
        days: 70,
        seed,
        drift: (day) => (day < 50 ? 1 : truth),
        ...(seed % 2 ? { fanCurveChangesOn: 35 } : {}),
      });
      const trend = trendOn(windows, 66);
      if (!trend) continue;
      told++;
      width += trend.ratio.high - trend.ratio.low;
      if (trend.ratio.low <= truth && truth <= trend.ratio.high) covered++;
    }
    table([
      ['cooling trend: seeded runs', String(RUNS)],
      ['interval given', String(told)],
      ['interval covers the truth', `${((100 * covered) / told).toFixed(1)} %`],
      ['mean width of the interval', (width / told).toFixed(3)],
    ]);
    expect(told).toBeGreaterThan(0.9 * RUNS);
    expect(covered / told).toBeGreaterThanOrEqual(0.9);
  });

  it('calls a rise of 15 % within 14 days of typical use', () => {
    const delays: number[] = [];
    for (let seed = 1; seed <= RUNS; seed++) {
      const windows = simulateWindows({ days: 64, seed, drift: (day) => (day < 50 ? 1 : 1.15) });
      for (let day = 51; day <= 64; day++) {
        const level = trendOn(windows, day)?.level;
        if (level === 'watch' || level === 'act') {
          delays.push(day - 50);
          break;
        }
      }
    }
    delays.sort((a, b) => a - b);
    table([
      ['a rise of 15 %: seeded runs', String(RUNS)],
      ['called within 14 days', `${((100 * delays.length) / RUNS).toFixed(1)} %`],
      ['days until called, median', String(delays[delays.length >> 1])],
    ]);
    expect(delays.length / RUNS).toBeGreaterThanOrEqual(0.9);
  });

  it('calls a healthy card at most once a year', () => {
    let calls = 0;
    let cardDays = 0;
    for (let seed = 1; seed <= YEARS; seed++) {
      const windows = simulateWindows({ days: 365, seed: 1000 + seed, drift: () => 1, fanCurveChangesOn: 180 });
      let before = 'ok';
      for (let day = 36; day <= 365; day += 1) {
        const level = trendOn(windows, day)?.level ?? 'ok';
        if (level !== 'ok' && before === 'ok') calls++;
        before = level;
        cardDays++;
      }
    }
    table([
      ['healthy cards: card-years', (cardDays / 365).toFixed(1)],
      ['false calls a card-year', ((365 * calls) / cardDays).toFixed(3)],
    ]);
    expect((365 * calls) / cardDays).toBeLessThanOrEqual(1);
  });
});

describe('the level of a rise', () => {
  it('is reported only when the interval excludes 1', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 3, noNaN: true }), (ratio) => {
        expect(coolingLevel(ratio, false)).toBe('ok');
        expect(coolingLevel(ratio)).toBe(ratio < 1.15 ? 'ok' : ratio < 1.3 ? 'watch' : 'act');
      }),
    );
  });
});
