import { createFrame, setAbsent, setValue, type Frame } from '../../metrics/frame.ts';
import { metrics, type Cadence } from '../../metrics/metrics.ts';
import type { CardModel } from './card.ts';
import { createLoad, type Load } from './load.ts';
import { gaussian, type Random } from './random.ts';

export type SimulatedGpu = {
  /** Simulates up to `seconds` since the start. An earlier time is ignored. */
  readonly advanceTo: (seconds: number) => void;
  readonly frame: (cadences: readonly Cadence[]) => Frame;
  readonly load: Load;
  /** Sets the power limit, as a user or the governor does. Undefined restores the default. */
  readonly setPowerLimit: (watts: number | undefined) => void;
};

/** Replaces the random load, or the constant air temperature. */
export type Scene = { readonly load?: Load; readonly ambientAt?: (seconds: number) => number };

const STEP_S = 0.1;
const SW_POWER_CAP = 0x4;
const IDLE = 0x1;
const SW_THERMAL = 0x20;
const HW_SLOWDOWN = 0x8;
const HW_THERMAL = 0x40;

/** Target share of the fan speed: 0 below 45 °C, full speed just below the slowdown limit. */
const fanTarget = (tempC: number, slowdownC: number): number =>
  tempC < 45 ? 0 : Math.min(1, 0.3 + (0.7 * (tempC - 45)) / (slowdownC - 5 - 45));

/**
 * One card as a single heat capacity C. The power P heats it, and the thermal resistance R(fan) cools it to the air:
 * C·dT/dt = P − (T − T_air)/R. The driver limits P to the power limit, lowers it near the target temperature, and halves
 * the clock at the slowdown limit. Temperatures are whole degrees; power is noisy. `noise` is separate from `random`, so
 * the number of readings does not change what happens.
 */
export function createGpu(
  model: CardModel,
  ambientC: number,
  random: Random,
  noise: Random,
  { load = createLoad(random), ambientAt = () => ambientC }: Scene = {},
): SimulatedGpu {
  let limitW = model.powerLimitW;
  let atS = 0;
  let tempC = ambientC + 8;
  let memC = tempC;
  let fan = 0;
  let powerW = model.idleW;
  let clockShare = 0.1;
  let reasons = IDLE;
  let energyMj = 0;
  let demand = load.at(0);
  const throttledUs = { power: 0, swThermal: 0, hwThermal: 0 };

  function step(): void {
    atS += STEP_S;
    demand = load.at(atS);
    const { limits } = model;
    const wantedW = model.idleW + demand.power * (model.powerLimitW - model.idleW);
    reasons = demand.power === 0 ? IDLE : 0;
    let allowedW = wantedW;
    if (wantedW > limitW) {
      allowedW = limitW;
      reasons |= SW_POWER_CAP;
      throttledUs.power += STEP_S * 1e6;
    }
    if (tempC > limits.target) {
      allowedW *= Math.max(0.3, 1 - 0.06 * (tempC - limits.target));
      reasons |= SW_THERMAL;
      throttledUs.swThermal += STEP_S * 1e6;
    }
    if (tempC >= limits.slowdown) {
      allowedW *= 0.5;
      reasons |= HW_SLOWDOWN | HW_THERMAL;
      throttledUs.hwThermal += STEP_S * 1e6;
    }
    powerW += (allowedW - powerW) * Math.min(1, STEP_S / 0.25);
    clockShare = demand.power === 0 ? 0.1 : Math.cbrt(Math.min(1, allowedW / wantedW));

    const towards = model.fan ? fanTarget(tempC, limits.slowdown) : 0.7; // without a fan: constant air flow from the case
    fan += Math.max(-0.01, Math.min(0.02, towards - fan));
    const resistance = model.conduction + model.convection / Math.max(0.15, fan) ** 0.8;
    tempC += ((powerW - (tempC - ambientAt(atS)) / resistance) / model.heatCapacity) * STEP_S;
    memC += (tempC + 6 * demand.memory - memC) * (STEP_S / 20);
    energyMj += powerW * STEP_S * 1000;
  }

  function frame(cadences: readonly Cadence[]): Frame {
    const now = createFrame();
    const { limits } = model;
    for (const { key, cadence } of metrics) if (cadences.includes(cadence)) setAbsent(now, key, 'unsupported');
    setValue(now, 'coreTempC', Math.round(tempC));
    if (model.memorySensor) setValue(now, 'memTempC', Math.round(memC));
    const sensedW = Math.max(0, powerW * (1 + 0.004 * gaussian(noise)));
    setValue(now, 'powerW', sensedW);
    setValue(now, 'powerInstantW', sensedW);
    setValue(now, 'energyMj', Math.round(energyMj));
    setValue(now, 'gpuUtilPct', Math.round(100 * demand.compute));
    setValue(now, 'memUtilPct', Math.round(100 * demand.memory));
    const usedBytes = Math.round(demand.vram * model.vramBytes);
    setValue(now, 'vramUsedBytes', usedBytes);
    setValue(now, 'vramFreeBytes', model.vramBytes - usedBytes);
    setValue(now, 'vramTotalBytes', model.vramBytes);
    setValue(now, 'graphicsClockMhz', Math.round(clockShare * model.maxClockMhz));
    setValue(now, 'smClockMhz', Math.round(clockShare * model.maxClockMhz));
    setValue(now, 'memClockMhz', demand.power === 0 ? 405 : model.memClockMhz);
    setValue(now, 'pstate', demand.power === 0 ? 8 : 2);
    setValue(now, 'throttleReasons', reasons);
    setValue(now, 'throttledSwPowerUs', Math.round(throttledUs.power));
    setValue(now, 'throttledSwThermalUs', Math.round(throttledUs.swThermal));
    setValue(now, 'throttledHwThermalUs', Math.round(throttledUs.hwThermal));
    setValue(now, 'throttledPowerBrakeUs', 0);
    if (cadences.includes('slow')) {
      setValue(now, 'tempTargetC', limits.target);
      setValue(now, 'tempMaxC', limits.max);
      setValue(now, 'tempSlowdownC', limits.slowdown);
      setValue(now, 'tempShutdownC', limits.shutdown);
      setValue(now, 'powerLimitW', limitW);
      setValue(now, 'powerDefaultLimitW', model.powerLimitW);
      setValue(now, 'powerMinLimitW', Math.round(model.powerLimitW / 3));
      setValue(now, 'powerMaxLimitW', Math.round(model.powerLimitW * 1.1));
      if (model.fan) setValue(now, 'fanPct', Math.round(100 * fan));
    }
    if (cadences.includes('rare')) {
      setValue(now, 'maxGraphicsClockMhz', model.maxClockMhz);
      setValue(now, 'maxSmClockMhz', model.maxClockMhz);
      setValue(now, 'maxMemClockMhz', model.memClockMhz);
    }
    return now;
  }

  return {
    load,
    frame,
    setPowerLimit: (watts) => (limitW = Math.min(watts ?? model.powerLimitW, model.powerLimitW * 1.1)),
    advanceTo(seconds) {
      while (atS + STEP_S <= seconds) step();
    },
  };
}
