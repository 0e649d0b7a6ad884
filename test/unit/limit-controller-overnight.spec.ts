import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueOf } from '../../app/metrics/frame.ts';
import { cardModels } from '../../app/telemetry/simulator/card.ts';
import { createGpu } from '../../app/telemetry/simulator/gpu.ts';
import { type Demand, type Load } from '../../app/telemetry/simulator/load.ts';
import { createRandom, gaussian } from '../../app/telemetry/simulator/random.ts';
import { createLimitController } from '../../app/governor/limit-controller.ts';

const HOUR_S = 3600;

/** A night of one long batch: images of 6 to 14 s with a breath between them. */
function overnightLoad(seed: number): Load {
  const random = createRandom(seed);
  let untilS = 0;
  let working = false;
  const at = (nowS: number): Demand => {
    while (nowS >= untilS) {
      working = !working;
      untilS += working ? 6 + 8 * random() : 0.4 + 0.8 * random();
    }
    return working
      ? { power: 1.08, compute: 0.99, memory: 0.55, vram: 0.62 }
      : { power: 0.35, compute: 0.3, memory: 0.2, vram: 0.62 };
  };
  return { shape: () => 'diffusion', at };
}

type Run = {
  readonly minutes: { readonly s: number; readonly meanC: number }[];
  readonly changesS: number[];
  readonly capsW: number[];
};

function overnight(model: (typeof cardModels)[number], targetC: number, seed: number): Run {
  const gpu = createGpu(model, 24, createRandom(seed), createRandom(seed + 1), {
    load: overnightLoad(seed + 2),
    // a room that cools by night and warms by day
    ambientAt: (s) => 24 + 3 * Math.sin((2 * Math.PI * s) / (24 * HOUR_S)),
  });
  const controller = createLimitController({ targetC, minW: model.powerLimitW / 3, maxW: model.powerLimitW });
  const run: Run = { minutes: [], changesS: [], capsW: [] };
  let sum = 0;
  for (let s = 1; s <= 24 * HOUR_S; s++) {
    gpu.advanceTo(s);
    const frame = gpu.frame(['tick']);
    const tempC = valueOf(frame, 'coreTempC')!;
    const change = controller.feed({ tMs: s * 1000, tempC, powerW: valueOf(frame, 'powerW')! });
    if (change) {
      gpu.setPowerLimit(change.limitW);
      run.changesS.push(s);
      run.capsW.push(change.limitW);
    }
    sum += tempC;
    if (s % 60 === 0) {
      run.minutes.push({ s, meanC: sum / 60 });
      sum = 0;
    }
  }
  return run;
}

const mostInAnHour = (changesS: readonly number[]): number =>
  Math.max(0, ...changesS.map((from) => changesS.filter((s) => s >= from && s < from + HOUR_S).length));

describe('the cap controller holds a steady temperature', () => {
  it.each([
    [cardModels[0]!, 70],
    [cardModels[1]!, 70],
    [cardModels[2]!, 60],
  ])('overnight on $name, within 1.5 K and with at most two changes an hour', (model, targetC) => {
    for (const seed of [1, 2, 3]) {
      const { minutes, changesS } = overnight(model, targetC, seed);
      const after = minutes.filter(({ s }) => s > 1.5 * HOUR_S);
      const off = after.filter(({ meanC }) => Math.abs(meanC - targetC) > 1.5);
      expect(off).toEqual([]);
      expect(mostInAnHour(changesS.filter((s) => s > 1.5 * HOUR_S))).toBeLessThanOrEqual(2);
    }
  });

  it('never oscillates, whatever the card’s gain, lag, dead time and sensor noise', () => {
    const plant = fc.record({
      gain: fc.double({ min: 0.06, max: 0.3, noNaN: true }),
      lagS: fc.double({ min: 40, max: 400, noNaN: true }),
      deadS: fc.integer({ min: 0, max: 45 }),
      noiseK: fc.double({ min: 0, max: 0.8, noNaN: true }),
      seed: fc.nat(1e6),
    });
    fc.assert(
      fc.property(plant, ({ gain, lagS, deadS, noiseK, seed }) => {
        const random = createRandom(seed);
        const maxW = 400;
        const targetC = 25 + gain * maxW * 0.75; // reachable, at three quarters of the power
        const controller = createLimitController({ targetC, minW: 130, maxW });
        const inPipe: number[] = [];
        let tempC = 35;
        const changes: { s: number; stepW: number }[] = [];
        let before = maxW;
        let worstK = 0; // in the last hours
        for (let s = 1; s <= 9 * HOUR_S; s++) {
          const powerW = Math.min(before, 420);
          inPipe.push(powerW);
          const felt = inPipe.length > deadS ? inPipe.shift()! : 30;
          tempC += (25 + gain * felt - tempC) / lagS;
          const read = Math.round(tempC + noiseK * gaussian(random));
          const change = controller.feed({ tMs: s * 1000, tempC: read, powerW });
          if (change) {
            changes.push({ s, stepW: change.limitW - before });
            before = change.limitW;
          }
          if (s > 5 * HOUR_S) worstK = Math.max(worstK, Math.abs(tempC - targetC));
        }
        const settled = changes.filter(({ s }) => s > 5 * HOUR_S);
        expect(settled.length).toBeLessThanOrEqual(4);
        expect(mostInAnHour(settled.map(({ s }) => s))).toBeLessThanOrEqual(2);
        // swings of the cap die away: none of the late ones is large
        for (const { stepW } of settled) expect(Math.abs(stepW) * gain).toBeLessThanOrEqual(2.5);
        expect(worstK).toBeLessThanOrEqual(2);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves a card alone that stays below its target without help', () => {
    const controller = createLimitController({ targetC: 80, minW: 100, maxW: 400 });
    for (let s = 0; s < 4 * HOUR_S; s++) {
      expect(controller.feed({ tMs: s * 1000, tempC: 60, powerW: 200 })).toBeUndefined();
    }
  });

  it('cuts at once when a card runs away', () => {
    const controller = createLimitController({ targetC: 70, minW: 100, maxW: 400 });
    let change;
    let s = 0;
    for (; s < 600 && !change; s++)
      change = controller.feed({ tMs: s * 1000, tempC: Math.min(90, 60 + s / 4), powerW: 400 });
    expect(change).toMatchObject({ why: 'too-hot' });
    expect(s).toBeLessThan(90);
  });
});
