// The time in which a card worked for a session, and the part of the session's energy in that time.
import { describe, expect, it } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import type { ShareSpan } from '../../app/workload/energy/shares.ts';
import { createActivity } from '../../app/workload/sessions/activity.ts';
import { frameWith } from '../support/frames.ts';

type Readings = Partial<Record<MetricKey, number>>;

/** One sample a second; `dtMs` of a sample may differ. */
function activityOf(
  samples: readonly Readings[],
  shares: readonly ShareSpan[] = [],
  dts: Record<number, undefined> = {},
) {
  const activity = createActivity(() => shares);
  const frames = samples.map((readings) => frameWith(readings));
  for (let i = 1; i < frames.length; i++) activity.add(frames[i - 1]!, frames[i]!, i in dts ? dts[i] : 1000, i * 1000);
  return activity;
}
const busy = (powerW: number, energyMj?: number): Readings => ({
  gpuUtilPct: 80,
  powerW,
  ...(energyMj !== undefined && { energyMj }),
});
const idle = (powerW: number, energyMj?: number): Readings => ({ ...busy(powerW, energyMj), gpuUtilPct: 0 });

describe('the active time of a session', () => {
  it.each([
    [14, 0],
    [15, 1000],
  ])('has the interval that a reading of %d %% ends: %d ms', (gpuUtilPct, ms) => {
    expect(activityOf([{ gpuUtilPct: 0 }, { gpuUtilPct }]).ms()).toBe(ms);
    expect(activityOf([{ gpuUtilPct: 90 }, { gpuUtilPct: 0 }]).ms()).toBe(0); // the one before is about earlier time
  });

  it('adds up, without gaps and without time in which the card reported nothing', () => {
    expect(activityOf([busy(1), busy(1), busy(1)]).ms()).toBe(2000);
    expect(activityOf([busy(1), busy(1), busy(1)], [], { 2: undefined }).ms()).toBe(1000);
    expect(activityOf([busy(1), {}, busy(1), busy(1)]).ms()).toBe(1000);
  });

  it('is not known where the card never reports its utilisation', () => {
    const unknown = activityOf([{ powerW: 100 }, { powerW: 100 }]);
    expect([unknown.ms(), unknown.partOf(100)]).toEqual([undefined, undefined]);
    expect(createActivity(() => []).ms()).toBeUndefined();
  });

  it('has no interval in which the session had no part of the card, and all of one in which its part is not known', () => {
    const samples = [busy(1), busy(1), busy(1), busy(1)];
    const span = (share: number | undefined): ShareSpan => ({ fromMs: 1000, toMs: 2000, share });
    expect(activityOf(samples, [span(0)]).ms()).toBe(2000);
    expect(activityOf(samples, [span(undefined)]).ms()).toBe(3000);
    expect(activityOf(samples, [span(0.5)]).ms()).toBe(3000);
    // the middle of an interval decides
    expect(activityOf(samples, [{ fromMs: 1400, toMs: 1501, share: 0 }]).ms()).toBe(2000);
    expect(activityOf(samples, [{ fromMs: 1501, toMs: 2000, share: 0 }]).ms()).toBe(3000);
  });
});

describe('the part of the energy in it', () => {
  it.each([
    ['by power', [busy(100), busy(100), idle(100), idle(300)], 100 / 400],
    ['by the counter where there is one', [busy(1, 0), busy(1, 300_000), idle(1, 400_000)], 300 / 400],
    ['by power where the counter never moved', [busy(100, 5), busy(100, 5), idle(100, 5)], 100 / 200],
    [
      'by the counter, without the step of a reset',
      [busy(1, 9e6), busy(1, 0), busy(1, 100_000), idle(1, 200_000)],
      1 / 2,
    ],
    ['by the counter, also where it shows 0 at first', [busy(1, 0), idle(1, 100_000), busy(1, 300_000)], 2 / 3],
    [
      'by power, where it is missing in one sample',
      [busy(100), busy(100), { gpuUtilPct: 80 }, busy(50), idle(50)],
      100 / 150,
    ],
  ])('is a quotient %s', (_, samples, part) => {
    expect(activityOf(samples).partOf(1000)).toBeCloseTo(1000 * part, 9);
  });

  it('is of the session’s own energy', () => {
    const samples = [busy(100), busy(100), idle(100), idle(100)];
    const half: ShareSpan = { fromMs: 0, toMs: 1000, share: 0.5 };
    expect(activityOf(samples, [half]).partOf(1000)).toBeCloseTo(1000 * (50 / 250), 9);
    expect(activityOf(samples, [{ ...half, share: undefined }]).partOf(1000)).toBe(0);
  });

  it('is not known without energy, and where none was observed', () => {
    expect(activityOf([busy(100), busy(100)]).partOf(undefined)).toBeUndefined();
    expect(activityOf([{ gpuUtilPct: 80 }, { gpuUtilPct: 80 }]).partOf(1000)).toBeUndefined();
    expect(activityOf([busy(0), busy(0)]).partOf(1000)).toBeUndefined();
    expect(activityOf([busy(100), busy(100)], [], { 1: undefined }).partOf(1000)).toBeUndefined();
  });
});
