import { describe, expect, it } from 'vitest';
import { createSteadyDetector } from '../../app/wear/cooling/windows.ts';
import type { SteadyWindow } from '../../app/wear/ledger/ledger-schema.ts';
import { columnsWith, type WearSample } from '../support/wear.ts';

const START = Date.UTC(2026, 2, 1);

/** A second a sample; `of` tells the readings at second i. */
const found = (seconds: number, of: (second: number) => Partial<WearSample>): SteadyWindow[] => {
  const windows: SteadyWindow[] = [];
  const detector = createSteadyDetector((window) => windows.push(window));
  const samples = Array.from({ length: seconds }, (_, i): WearSample => ({
    tsMs: START + i * 1000,
    ...(i === 0 ? {} : { dtMs: 1000 }),
    ...of(i),
  }));
  // in pieces, as live samples come
  for (const sample of samples) detector.feed(columnsWith([sample]));
  return windows;
};

const calm = { coreTempC: 70, powerW: 300, fanPct: 52 };

describe('a steady window', () => {
  it('is found every three minutes while the card stands still, with its means', () => {
    const windows = found(600, () => calm);
    expect(windows).toHaveLength(3);
    expect(windows[0]).toEqual({ tsMs: START + 1000, durationMs: 180_000, coreC: 70, powerW: 300, fanPct: 52 });
  });

  it('bears the short dips between two images: a heat sink averages over them', () => {
    expect(found(400, (i) => ({ ...calm, powerW: i % 10 === 0 ? 120 : 300 }))).toHaveLength(2);
  });

  it('is not found while the temperature moves by 1 °C a minute, the power changes, or the fan leaves its band', () => {
    expect(found(600, (i) => ({ ...calm, coreTempC: 50 + i / 60 }))).toEqual([]);
    expect(found(600, (i) => ({ ...calm, powerW: Math.floor(i / 60) % 2 ? 300 : 200 }))).toEqual([]);
    expect(found(600, (i) => ({ ...calm, fanPct: 40 + i / 10 }))).toEqual([]);
  });

  it('is not found across a gap, nor while heat holds the card down', () => {
    expect(found(600, (i) => ({ ...calm, ...(i % 120 === 60 ? { dtMs: undefined } : {}) }))).toEqual([]);
    expect(found(600, (i) => ({ ...calm, throttledSwThermalUs: i * 1000 }))).toEqual([]);
  });

  it('says −1 for a card that reports no fan', () => {
    expect(found(200, () => ({ coreTempC: 60, powerW: 200 }))[0]).toMatchObject({ fanPct: -1 });
  });
});
