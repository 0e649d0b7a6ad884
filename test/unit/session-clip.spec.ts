import { describe, expect, it } from 'vitest';
import { valueOf } from '../../app/metrics/frame.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { createClip } from '../../app/workload/sessions/clip.ts';
import type { SessionSample } from '../../app/workload/sessions/summary.ts';
import { frameWith } from '../support/frames.ts';

const sample = (tsMs: number, readings: Partial<Record<MetricKey, number>>, dtMs: number | undefined = 1000) => ({
  tsMs,
  dtMs,
  frame: frameWith(readings),
});
const gap = (tsMs: number, readings: Partial<Record<MetricKey, number>>): SessionSample => ({
  ...sample(tsMs, readings),
  dtMs: undefined,
});
/** Stamps, times and readings of what is left of samples. */
function clipped(samples: readonly SessionSample[], fromMs: number, toMs: number, ...keys: readonly MetricKey[]) {
  const clip = createClip(fromMs, toMs);
  return samples
    .flatMap((one) => clip(one))
    .map(({ tsMs, dtMs, frame }) => [tsMs, dtMs, ...keys.map((key) => valueOf(frame, key))]);
}

describe('samples clipped to a session', () => {
  it.each([
    'throttledSwPowerUs',
    'throttledSwThermalUs',
    'throttledHwThermalUs',
    'throttledPowerBrakeUs',
    'powerW',
    'coreTempC',
  ] as const)('have %s at both ends, as if it were linear between samples', (key) => {
    const samples = [0, 1000, 2000, 3000].map((ms, i) => sample(ms, { [key]: 10 + 20 * i }));
    expect(clipped(samples, 250, 2500, key)).toEqual([
      [250, undefined, 15],
      [1000, 750, 30],
      [2000, 1000, 50],
      [2500, 500, 60],
    ]);
  });

  it('keep what is not linear as it is in the samples inside', () => {
    const samples = [0, 1000, 2000].map((ms, i) => sample(ms, { gpuUtilPct: 10 * i, fanPct: 5 }));
    expect(clipped(samples, 500, 1500, 'gpuUtilPct')).toEqual([
      [500, undefined, 10],
      [1000, 500, 10],
      [1500, 500, 10],
    ]);
  });

  it('are those inside where the ends are samples, or there are none outside', () => {
    const samples = [0, 1000, 2000, 3000].map((ms) => sample(ms, {}));
    expect(clipped(samples, 1000, 2000)).toEqual([
      [1000, 1000],
      [2000, 1000],
    ]);
    expect(clipped(samples.slice(1, 3), 0, 9000)).toEqual([
      [1000, 1000],
      [2000, 1000],
    ]);
    expect(clipped(samples.slice(3), 0, 2000)).toEqual([]);
    expect(clipped(samples, -Infinity, Infinity)).toHaveLength(4);
    expect(clipped(samples, 1200, 1700)).toEqual([
      [1200, undefined],
      [1700, 500],
    ]);
  });

  it('have counters, but neither levels nor time, across a gap', () => {
    const read = (us: number) => ({ throttledSwPowerUs: us, powerW: us });
    const samples = [sample(0, read(0)), gap(10_000, read(1000)), sample(11_000, read(2000))];
    expect(clipped(samples, 5000, 10_500, 'throttledSwPowerUs', 'powerW')).toEqual([
      [5000, undefined, 500, 1000],
      [10_000, undefined, 1000, 1000],
      [10_500, 500, 1500, 1500],
    ]);
    expect(clipped(samples, 0, 5000, 'throttledSwPowerUs', 'powerW')).toEqual([
      [0, 1000, 0, 0],
      [5000, undefined, 500, 0],
    ]);
  });

  it('have no value between a counter and its reset, and none between a value and its absence', () => {
    const samples = [
      sample(0, { throttledSwPowerUs: 900, coreTempC: 50 }),
      sample(1000, { throttledSwPowerUs: 100 }),
      sample(2000, { throttledSwPowerUs: 300, coreTempC: 60 }),
    ];
    expect(clipped(samples, 500, 1500, 'throttledSwPowerUs', 'coreTempC')).toEqual([
      [500, undefined, 100, undefined],
      [1000, 500, 100, undefined],
      [1500, 500, 200, undefined],
    ]);
    // a temperature that falls is no reset
    const falling = [sample(0, { coreTempC: 60 }), sample(1000, { coreTempC: 50 })];
    expect(clipped(falling, 500, 1000, 'coreTempC')[0]).toEqual([500, undefined, 55]);
  });

  it('have the value of the sample inside where the one outside has none', () => {
    const keys = ['coreTempC', 'throttledSwPowerUs'] as const;
    const [known, none] = [{ coreTempC: 60, throttledSwPowerUs: 900 }, {}];
    expect(clipped([sample(0, none), sample(1000, known), sample(2000, none)], 500, 1500, ...keys)).toEqual([
      [500, undefined, 60, 900],
      [1000, 500, 60, 900],
      [1500, 500, 60, 900],
    ]);
    expect(clipped([sample(0, known), sample(1000, none), sample(2000, known)], 500, 1500, ...keys)).toEqual([
      [500, undefined, undefined, undefined],
      [1000, 500, undefined, undefined],
      [1500, 500, undefined, undefined],
    ]);
  });

  it('end with the sample at their end as it is', () => {
    const samples = [0, 1000, 2000].map((ms, i) => sample(ms, { gpuUtilPct: 10 * i }));
    expect(clipped(samples, 0, 1000, 'gpuUtilPct')).toEqual([
      [0, 1000, 0],
      [1000, 1000, 10],
    ]);
  });

  it('end at once: what comes later is not looked at, also after the clock was set back', () => {
    const samples = [0, 1000, 2000, 500].map((ms) => sample(ms, {}));
    expect(clipped(samples, 0, 1000)).toEqual([
      [0, 1000],
      [1000, 1000],
    ]);
    const back = [5000, 6000, 3000, 4000].map((ms) => sample(ms, {}));
    expect(clipped(back, 2000, 9000).map(([, dtMs]) => dtMs)).toEqual([1000, 1000, 1000, 1000]);
  });
});
