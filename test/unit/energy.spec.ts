import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterEnergy } from '../../app/workload/energy/energy.ts';
import { summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import type { Absence } from '../../app/core/reading.ts';
import { frameWith } from '../support/frames.ts';

describe('an energy counter', () => {
  it('gives the difference of its ends when it only grows', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e9), { minLength: 1 }), (steps) => {
        let total = 5_000_000;
        const readings = [total, ...steps.map((step) => (total += step))];
        const { observedJ, resets } = counterEnergy(readings);
        expect(observedJ).toBeCloseTo((readings.at(-1)! - readings[0]!) / 1000, 6);
        expect(resets).toBe(0);
      }),
    );
  });

  it('is never subtracted across a reset', () => {
    expect(counterEnergy([1_000_000, 1_300_000, 50_000, 90_000])).toEqual({
      observedJ: 340,
      resets: 1,
      unattributedJ: 50,
    });
  });
});

type Readings = Partial<Record<MetricKey, number | Absence>>;
const session = (list: readonly Readings[], dtMs: number | undefined = 1000): SessionSample[] =>
  list.map((readings, i) => ({ tsMs: i * 1000, dtMs: i === 0 ? undefined : dtMs, frame: frameWith(readings) }));

describe('a session', () => {
  it('takes energy from the counter where there is one', () => {
    const summary = summariseGpu(
      'GPU',
      session([
        { energyMj: 1000, powerW: 500 },
        { energyMj: 201_000, powerW: 500 },
      ]),
    );
    expect(summary).toMatchObject({ energyJ: 200, energyFrom: 'counter' });
  });

  it('integrates power where there is none', () => {
    const summary = summariseGpu('GPU', session([{ powerW: 100 }, { powerW: 200 }, { powerW: 100 }]));
    expect(summary).toMatchObject({ energyJ: 300, energyFrom: 'power' });
  });

  it('says that energy was not observed rather than 0', () => {
    const summary = summariseGpu('GPU', session([{ coreTempC: 50 }, { coreTempC: 60 }]));
    expect(summary.energyJ).toBeUndefined();
    expect(summary.throttledMs).toBeUndefined();
    expect(summary).toMatchObject({ peakTempC: 60, meanTempC: 55, observedMs: 1000 });
  });

  it('does not count what happened before its first sample', () => {
    const before: SessionSample = { tsMs: 0, dtMs: 5000, frame: frameWith({ powerW: 100, coreTempC: 50 }) };
    expect(summariseGpu('GPU', [before]).observedMs).toBe(0);
  });

  it('does not integrate across a gap', () => {
    const list = [...session([{ powerW: 100 }, { powerW: 100 }]), ...session([{ powerW: 100 }, { powerW: 100 }])];
    expect(summariseGpu('GPU', list).energyJ).toBe(200);
  });

  it('sums the throttled time by cause from the counters of the card', () => {
    const summary = summariseGpu(
      'GPU',
      session([
        { throttleReasons: 4, throttledSwPowerUs: 1_000_000, throttledSwThermalUs: 0, throttledHwThermalUs: 500 },
        { throttleReasons: 4, throttledSwPowerUs: 1_250_000, throttledSwThermalUs: 2_000, throttledHwThermalUs: 1_500 },
      ]),
    );
    expect(summary.throttledMs).toEqual({ 'power-cap': 250, heat: 3, 'power-brake': 0, setting: 0, unclear: 0 });
  });

  it('falls back to the reasons at each sample', () => {
    const summary = summariseGpu(
      'GPU',
      session([{ throttleReasons: 0 }, { throttleReasons: 4 }, { throttleReasons: 0x24 }, { throttleReasons: 1 }]),
    );
    expect(summary.throttledMs).toEqual({ 'power-cap': 2000, heat: 1000, 'power-brake': 0, setting: 0, unclear: 0 });
  });

  it('takes a reset of a counter for a reset, not for time', () => {
    const summary = summariseGpu(
      'GPU',
      session([{ throttledSwPowerUs: 9e9 }, { throttledSwPowerUs: 1000 }, { throttledSwPowerUs: 3000 }]),
    );
    expect(summary.throttledMs).toEqual({ 'power-cap': 2 });
  });

  it('has no equivalent hours without a temperature', () => {
    expect(summariseGpu('GPU', session([{ powerW: 100 }, { powerW: 100 }])).equivalentHours).toBeUndefined();
  });
});
