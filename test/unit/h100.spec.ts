// A recording of a real card (H100, driver 580.159.04): 13 images of a diffusion-shaped load at the power cap, then text token
// by token from a model of 7 billion parameters, once a second, by Slowburn itself.
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf, setAbsent, valueOf } from '../../app/metrics/frame.ts';
import { createPlausibility } from '../../app/telemetry/plausibility.ts';
import { readRecording } from '../../app/telemetry/replay/recording.ts';
import { summariseGpu, type SessionSample } from '../../app/workload/sessions/summary.ts';

/** The samples, judged as the sampler judges them, without some readings. */
function samples(without: readonly MetricKey[] = []): SessionSample[] {
  const text = fs.readFileSync('test/fixtures/recordings/h100-diffusion-then-llm.jsonl', 'utf8');
  const recording = readRecording(text, 'h100');
  if (!recording.ok) throw new Error(recording.error.message);
  expect(recording.value.unreadable).toBe(0);
  const { check } = createPlausibility();
  return recording.value.samples.map(({ tsMs, gpus: [gpu] }, i, all) => {
    check(gpu!.frame, tsMs);
    for (const key of without) setAbsent(gpu!.frame, key, 'unsupported');
    return { tsMs, dtMs: i === 0 ? undefined : tsMs - all[i - 1]!.tsMs, frame: gpu!.frame };
  });
}

describe('a real card’s readings', () => {
  it('are all believed, those above its power cap too', () => {
    const states = samples().flatMap(({ frame }) => metrics.map(({ key }) => readingOf(frame, key).state));
    expect(states).not.toContain('implausible');
    expect(Math.max(...samples().map(({ frame }) => valueOf(frame, 'powerInstantW') ?? 0))).toBeGreaterThan(700);
  });

  it('tell one energy twice: its counter, and its power over time, agree within the ±5 % that is claimed', () => {
    const counted = summariseGpu('GPU', samples());
    const integrated = summariseGpu('GPU', samples(['energyMj']));
    expect([counted.energyFrom, integrated.energyFrom]).toEqual(['counter', 'power']);
    expect(counted.energyJ).toBeGreaterThan(30_000);
    expect(Math.abs(integrated.energyJ! / counted.energyJ! - 1)).toBeLessThan(0.025);
    expect(integrated.energyJ).toBeGreaterThan(counted.energyRangeJ!.low);
    expect(integrated.energyJ).toBeLessThan(counted.energyRangeJ!.high);
    expect(counted.energyJ).toBeGreaterThan(integrated.energyRangeJ!.low);
    expect(counted.energyJ).toBeLessThan(integrated.energyRangeJ!.high);
  });

  it('tell the time at the cap twice: by a counter, and by the reasons of each second', () => {
    const counted = summariseGpu('GPU', samples()).throttledMs!['power-cap']!;
    const counters = [
      'throttledSwPowerUs',
      'throttledSwThermalUs',
      'throttledHwThermalUs',
      'throttledPowerBrakeUs',
    ] as const;
    const seen = summariseGpu('GPU', samples(counters)).throttledMs!['power-cap']!;
    expect(counted).toBeGreaterThan(30_000);
    expect(Math.abs(seen - counted)).toBeLessThan(3_000);
  });

  it('name a limit that is the temperature and the margin to it', () => {
    for (const { frame } of samples()) {
      const [core, margin, limit] = (['coreTempC', 'tempMarginK', 'tempMaxC'] as const).map((key) =>
        valueOf(frame, key),
      );
      if (margin === undefined || limit === undefined || valueOf(frame, 'gpuUtilPct') !== 0) continue;
      expect(Math.abs(core! + margin - limit)).toBeLessThanOrEqual(2);
    }
  });
});
