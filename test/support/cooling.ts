import type { SteadyWindow } from '../../app/wear/ledger/ledger-schema.ts';
import { cardModels } from '../../app/telemetry/simulator/card.ts';
import { between, createRandom, gaussian, type Random } from '../../app/telemetry/simulator/random.ts';

const DAY_MS = 86_400_000;
export const START = Date.UTC(2026, 0, 5);

/** How a simulated card's cooling changes: the factor on its whole resistance, by day. */
export type Drift = (day: number) => number;

export type CoolingYear = {
  readonly days: number;
  readonly seed: number;
  readonly drift: Drift;
  /** from this day on the user has a steeper fan curve */
  readonly fanCurveChangesOn?: number;
};

/** The fan of the simulator (telemetry/simulator/gpu.ts), and one that a user has set higher. */
const fanAt = (tempC: number, slowdownC: number, steeper: boolean): number =>
  tempC < 45 ? (steeper ? 0.3 : 0) : Math.min(1, (steeper ? 0.4 : 0.3) + (0.7 * (tempC - 45)) / (slowdownC - 50));

/** The balance of heat: T = T_air + R(fan(T))·P, found by iteration. */
function settle(
  model: (typeof cardModels)[number],
  airC: number,
  powerW: number,
  factor: number,
  steeper: boolean,
): { tempC: number; fan: number } {
  let tempC = airC + 20;
  for (let i = 0, step = 1; i < 200 && Math.abs(step) > 1e-4; i++) {
    const fan = fanAt(tempC, model.limits.slowdown, steeper);
    const r = factor * (model.conduction + model.convection / Math.max(0.15, fan) ** 0.8);
    tempC += step = 0.2 * (airC + r * powerW - tempC);
  }
  return { tempC, fan: fanAt(tempC, model.limits.slowdown, steeper) };
}

/** A sensor of whole degrees, averaged over minutes in which it wavers a little. */
const sensed = (tempC: number, random: Random): number => {
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += Math.round(tempC + 0.3 * gaussian(random));
  return sum / 6;
};

/**
 * Steady windows of a card under typical use: evenings of some hours with two to eight steady stretches, days of rest, a
 * room with seasons, weather and a rise while the card works; powers that differ between workloads.
 */
export function simulateWindows({ days, seed, drift, fanCurveChangesOn = Infinity }: CoolingYear): SteadyWindow[] {
  const random = createRandom(seed);
  const model = cardModels[seed % 3]!;
  const windows: SteadyWindow[] = [];
  let weather = 0;
  const phase = between(random, 0, 365);
  for (let day = 0; day < days; day++) {
    weather = 0.8 * weather + 1.2 * gaussian(random);
    if (random() < 0.2) continue; // a day without the machine
    const steeper = day >= fanCurveChangesOn;
    const season = 4 * Math.sin((2 * Math.PI * (day + phase)) / 365);
    const begin = START + day * DAY_MS + between(random, 8, 18) * 3_600_000;
    const add = (minute: number, powerW: number, warmedK: number): void => {
      const airC = 23 + season + weather + warmedK + 0.4 * gaussian(random);
      const { tempC, fan } = settle(model, airC, powerW, drift(day), steeper);
      if (tempC > model.limits.target) return; // throttled by heat: no window
      windows.push({
        tsMs: begin + minute * 60_000,
        durationMs: 180_000,
        coreC: sensed(tempC, random),
        powerW: powerW * (1 + 0.004 * gaussian(random)),
        fanPct: Math.round(100 * fan),
      });
    };
    add(0, model.idleW, 0);
    const jobs = 2 + Math.floor(random() * 7);
    for (let job = 0; job < jobs; job++) {
      const powerW = model.powerLimitW * between(random, 0.5, 0.95);
      add(20 + job * 18, powerW, 0.3 * job * random() + 1);
    }
    add(30 + jobs * 18, model.idleW, 1);
    if (random() < 0.5) add(120 + jobs * 18, model.idleW, 0);
  }
  return windows;
}
