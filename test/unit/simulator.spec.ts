import { describe, expect, it } from 'vitest';
import { valueOf } from '../../app/metrics/frame.ts';
import { cardModels } from '../../app/telemetry/simulator/card.ts';
import { createGpu } from '../../app/telemetry/simulator/gpu.ts';
import { createLoad } from '../../app/telemetry/simulator/load.ts';
import { createRandom } from '../../app/telemetry/simulator/random.ts';
import { openSimulator } from '../../app/telemetry/simulator/source.ts';
import { createTestClock } from '../support/clock.ts';

const trace = (seed: number, everyS: number, seconds: number, sensorSeed = seed + 1) => {
  const gpu = createGpu(cardModels[0]!, 25, createRandom(seed), createRandom(sensorSeed));
  return Array.from({ length: Math.floor(seconds / everyS) }, (_, i) => {
    gpu.advanceTo(i * everyS);
    const frame = gpu.frame(['tick', 'slow']);
    return {
      tempC: valueOf(frame, 'coreTempC')!,
      powerW: valueOf(frame, 'powerW')!,
      energyMj: valueOf(frame, 'energyMj')!,
      shape: gpu.load.shape(),
    };
  });
};

describe('the source of simulated cards', () => {
  it('takes a sample when it is asked to, and keeps its grid', async () => {
    const clock = createTestClock();
    const source = openSimulator({ clock, intervalMs: 1000, count: 1 });
    const readMs: number[] = [];
    const reading = (async () => {
      while (readMs.length < 5) readMs.push((await source.read(0)).monoMs);
    })();
    await clock.advance(1300);
    source.sampleNow!();
    await clock.advance(400);
    source.sampleNow!();
    await clock.advance(1000);
    await reading;
    const startMs = readMs[0]!;
    expect(readMs.map((ms) => ms - startMs)).toEqual([0, 1000, 1300, 1700, 2000]);
    await source.close();
  });
});

describe('a simulated card', () => {
  it('does the same again from the same seed, and something else from another', () => {
    expect(trace(7, 1, 1200)).toEqual(trace(7, 1, 1200));
    expect(trace(7, 1, 1200)).not.toEqual(trace(8, 1, 1200));
  });

  it('does the same however often it is read', () => {
    const often = trace(7, 0.5, 1200).filter((_, i) => i % 20 === 0);
    const seldom = trace(7, 10, 1200);
    expect(seldom.map(({ tempC, energyMj }) => [tempC, energyMj])).toEqual(
      often.map(({ tempC, energyMj }) => [tempC, energyMj]),
    );
  });

  it('stays between the air and its shutdown limit, and under its power cap', () => {
    for (const model of cardModels) {
      const gpu = createGpu(model, 25, createRandom(3), createRandom(4));
      for (let second = 0; second < 7200; second += 5) {
        gpu.advanceTo(second);
        const frame = gpu.frame(['tick']);
        expect(valueOf(frame, 'coreTempC')!).toBeGreaterThanOrEqual(24);
        expect(valueOf(frame, 'coreTempC')!, model.name).toBeLessThan(model.limits.shutdown);
        expect(valueOf(frame, 'powerW')!).toBeLessThan(model.powerLimitW * 1.03);
      }
    }
  });

  it('has an energy counter that is the integral of its power', () => {
    const points = trace(5, 0.1, 600);
    const integral = points.slice(1).reduce((sum, { powerW }) => sum + powerW * 0.1, 0);
    const counted = (points.at(-1)!.energyMj - points[0]!.energyMj) / 1000;
    expect(integral / counted).toBeCloseTo(1, 2);
  });

  it('runs both shapes of generation, and rests', () => {
    const shapes = new Set(trace(7, 5, 7200).map(({ shape }) => shape));
    expect(shapes).toEqual(new Set(['idle', 'diffusion', 'autoregressive']));
  });

  it('draws more steadily in diffusion than in autoregressive generation', () => {
    const spread = { diffusion: [] as number[], autoregressive: [] as number[] };
    for (let seed = 1; seed <= 5; seed++) {
      const load = createLoad(createRandom(seed));
      for (let second = 0; second < 7200; second++) {
        const { power } = load.at(second);
        const shape = load.shape();
        if (shape !== 'idle') spread[shape].push(power);
      }
    }
    const deviation = (list: readonly number[]) => {
      const mean = list.reduce((a, b) => a + b) / list.length;
      return Math.sqrt(list.reduce((sum, power) => sum + (power - mean) ** 2, 0) / list.length) / mean;
    };
    expect(deviation(spread.diffusion)).toBeLessThan(deviation(spread.autoregressive));
  });

  it('says that it is simulated', () => {
    const source = openSimulator({ clock: createTestClock(), intervalMs: 1000, count: 2, because: 'No driver.' });
    expect(source.info()).toMatchObject({ kind: 'simulator', simulated: true, because: 'No driver.' });
  });
});
