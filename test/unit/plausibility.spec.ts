import fc from 'fast-check';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf, valueOf, type Frame } from '../../app/metrics/frame.ts';
import { createPlausibility } from '../../app/telemetry/plausibility.ts';
import { readRecording } from '../../app/telemetry/replay/recording.ts';
import { cardModels } from '../../app/telemetry/simulator/card.ts';
import { createGpu } from '../../app/telemetry/simulator/gpu.ts';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { createExposure } from '../../app/wear/replay.ts';
import { summariseGpu } from '../../app/workload/sessions/summary.ts';
import { frameWith } from '../support/frames.ts';
import { recordings } from '../support/shared.ts';

type Moment = { readonly atMs: number; readonly frame: Frame };

/** The moments of a file, judged one after the other as the sampler judges them. */
function judged(file: string): readonly Moment[] {
  const recording = readRecording(fs.readFileSync(file, 'utf8'), 'x');
  if (!recording.ok) throw new Error(recording.error.message);
  const { check } = createPlausibility();
  return recording.value.samples.map(({ tsMs, gpus }) => {
    check(gpus[0]!.frame, tsMs);
    return { atMs: tsMs, frame: gpus[0]!.frame };
  });
}

const states = (moments: readonly Moment[], key: MetricKey) => moments.map(({ frame }) => readingOf(frame, key).state);
const frozen = recordings((name) => /mlperf_data\.csv$|frozen-power\.csv$/.test(name));
const honest = recordings((name) => /transient_gpudata\.csv$|two-cards\.csv$/.test(name));

describe.each(frozen)('$name, whose power stands still while the card warms', ({ file }) => {
  const moments = judged(file);

  it('is implausible from when the card has warmed, and to the end', () => {
    const all = states(moments, 'powerW');
    const first = all.indexOf('implausible');
    expect(first).toBeGreaterThan(0);
    expect(new Set(all.slice(0, first))).toEqual(new Set(['value']));
    expect(new Set(all.slice(first))).toEqual(new Set(['implausible']));
    const warmed = (i: number) =>
      valueOf(moments[i]!.frame, 'coreTempC')! -
      Math.min(...moments.slice(0, i + 1).map(({ frame }) => valueOf(frame, 'coreTempC')!));
    expect(warmed(first)).toBeGreaterThanOrEqual(4);
    expect(first / all.length).toBeLessThan(0.5);
  });

  it('never enters energy from then on, and wear continues with temperature alone', () => {
    const samples = moments.map(({ atMs, frame }, i) => ({
      tsMs: atMs,
      dtMs: i === 0 ? undefined : atMs - moments[i - 1]!.atMs,
      frame,
    }));
    const first = states(moments, 'powerW').indexOf('implausible');
    const whole = summariseGpu('GPU-x', samples);
    const believed = summariseGpu('GPU-x', samples.slice(0, first));
    expect(whole.energyJ).toBe(believed.energyJ);
    expect(summariseGpu('GPU-x', samples.slice(first)).energyJ).toBeUndefined();
    const withoutPower = samples.map((sample) => ({
      ...sample,
      frame: frameWith({ coreTempC: valueOf(sample.frame, 'coreTempC')! }),
    }));
    expect(whole.equivalentHours).toEqual(summariseGpu('GPU-x', withoutPower).equivalentHours);
    expect(whole.observedMs).toBe(summariseGpu('GPU-x', withoutPower).observedMs);
  });
});

describe.each(honest)('$name, an honest trace', ({ file }) => {
  it('has no implausible power', () => {
    const moments = judged(file);
    for (const key of ['powerW', 'powerAverageW', 'powerInstantW'] as const) {
      expect(states(moments, key)).not.toContain('implausible');
    }
  });
});

describe.each(cardModels)('$name, two hours at its work', (model) => {
  it('raises no false alarm', () => {
    const gpu = createGpu(model, 25, createRandom(7), createRandom(8));
    const { check } = createPlausibility();
    for (let second = 1; second <= 7200; second++) {
      gpu.advanceTo(second);
      const frame = gpu.frame(['tick', 'slow', 'rare', 'request']);
      const before = frame.states.slice();
      check(frame, second * 1000);
      if (!frame.states.every((state, i) => state === before[i])) expect([...frame.states]).toEqual([...before]);
    }
  });
});

describe('a reading that is in range', () => {
  it('is never called frozen when it changes from sample to sample, however the card warms', () => {
    const step = fc.record({
      powerW: fc.integer({ min: 1000, max: 60_000 }),
      coreTempC: fc.integer({ min: 20, max: 100 }),
      dtMs: fc.integer({ min: 10, max: 9000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 12, maxLength: 200 }), (steps) => {
        const { check } = createPlausibility();
        let atMs = 0;
        let previous = 0;
        for (const { powerW, coreTempC, dtMs } of steps) {
          const hundredths = powerW === previous ? powerW + 1 : powerW;
          previous = hundredths;
          const frame = frameWith({ powerW: hundredths / 100, coreTempC });
          check(frame, (atMs += dtMs));
          expect(readingOf(frame, 'powerW').state).toBe('value');
        }
      }),
    );
  });

  it('may stand still for as long as it likes while the card does not warm', () => {
    const { check } = createPlausibility();
    for (let second = 0; second < 3600; second++) {
      const frame = frameWith({ powerW: 8.61, coreTempC: 41 - Math.floor(second / 600) + (second % 4) });
      check(frame, second * 1000);
      expect(readingOf(frame, 'powerW').state).toBe('value');
    }
  });

  it('is believed again as soon as it moves', () => {
    const { check } = createPlausibility();
    const at = (second: number, powerW: number, coreTempC: number) => {
      const frame = frameWith({ powerW, coreTempC });
      check(frame, second * 1000);
      return readingOf(frame, 'powerW').state;
    };
    const seen = Array.from({ length: 30 }, (_, i) => at(i, 46.19, 40 + i));
    expect(seen.at(-1)).toBe('implausible');
    expect(at(30, 210.5, 71)).toBe('value');
  });

  it('counts energy from zero after the driver was reloaded, and excludes only a jump', () => {
    const check = createPlausibility().check;
    const at = (second: number, energyMj: number) => {
      const frame = frameWith({ energyMj });
      check(frame, second * 1000);
      return readingOf(frame, 'energyMj').state;
    };
    expect(at(0, 5e9)).toBe('value');
    expect(at(1, 5e9 + 300_000)).toBe('value');
    expect(at(2, 1000)).toBe('value'); // reset
    expect(at(3, 301_000)).toBe('value');
    expect(at(4, 9e12)).toBe('implausible');
    expect(at(5, 901_000)).toBe('value');
  });

  it('of an energy counter is plausible at any power that a card can draw, and not beyond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 100, max: 10_000 }), (watts, dtMs) => {
        const { check } = createPlausibility();
        check(frameWith({ energyMj: 1e6 }), 0);
        const fair = frameWith({ energyMj: 1e6 + watts * dtMs });
        check(fair, dtMs);
        expect(readingOf(fair, 'energyMj').state).toBe('value');
        const leap = frameWith({ energyMj: 1e6 + watts * dtMs + 4000 * dtMs + 2e6 });
        check(leap, 2 * dtMs);
        expect(readingOf(leap, 'energyMj').state).toBe('implausible');
      }),
    );
  });

  it('of memory in use never exceeds what the card has', () => {
    const frame = frameWith({ vramUsedBytes: 2 ** 34, vramTotalBytes: 2 ** 33 });
    createPlausibility().check(frame, 0);
    expect(readingOf(frame, 'vramUsedBytes').state).toBe('implausible');
  });

  it.each([
    ['coreTempC', 0, 'implausible'],
    ['coreTempC', 0.1, 'value'],
    ['memTempC', 0, 'implausible'],
    ['powerW', 0, 'implausible'],
    ['powerInstantW', 0, 'implausible'],
    ['powerW', 0.001, 'value'],
    ['gpuUtilPct', 0, 'value'],
    ['fanPct', 0, 'value'],
  ] as const)('%s of %d is a reading: %s', (key, value, state) => {
    const frame = frameWith({ [key]: value });
    createPlausibility().check(frame, 0);
    expect(readingOf(frame, key).state).toBe(state);
  });

  it('that was judged implausible leaves no trace in energy or wear', () => {
    const exposure = createExposure();
    const samples = Array.from({ length: 60 }, (_, i) => ({
      tsMs: i * 1000,
      dtMs: i === 0 ? undefined : 1000,
      frame: frameWith({ powerW: i === 30 ? 'implausible' : 200, coreTempC: i === 30 ? 'implausible' : 60 }),
    }));
    for (const { tsMs, dtMs, frame } of samples) {
      exposure.feedFrame(tsMs, dtMs, frame);
    }
    const { energyJ, peakTempC, meanTempC, equivalentHours } = summariseGpu('GPU-x', samples);
    expect(energyJ).toBeCloseTo(200 * 57, 6); // the two seconds around it are not invented
    expect([peakTempC, meanTempC]).toEqual([60, 60]);
    expect(exposure.summary().families.M1?.equivalentHours).toEqual(equivalentHours);
    const honest = samples
      .filter((_, i) => i !== 30)
      .map((sample, i) => (i === 30 ? { ...sample, dtMs: undefined } : sample));
    expect(summariseGpu('GPU-x', honest).equivalentHours).toEqual(equivalentHours);
  });
});
