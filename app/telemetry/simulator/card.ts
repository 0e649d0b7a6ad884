/** A card to simulate. Its figures are invented, in the range of real cards. */
export type CardModel = {
  readonly name: string;
  readonly powerLimitW: number;
  readonly idleW: number;
  readonly vramBytes: number;
  readonly maxClockMhz: number;
  readonly memClockMhz: number;
  /** heat capacity of die, heat spreader and sink together, J/K */
  readonly heatCapacity: number;
  /** thermal resistance to the air: conduction, and convection at full fan, K/W */
  readonly conduction: number;
  readonly convection: number;
  readonly limits: {
    readonly target: number;
    readonly max: number;
    readonly slowdown: number;
    readonly shutdown: number;
  };
  readonly fan: boolean;
  /** Only cards with HBM report a memory temperature. */
  readonly memorySensor: boolean;
};

const GIB = 2 ** 30;
const limits = { target: 83, max: 90, slowdown: 93, shutdown: 98 };

export const cardModels: readonly CardModel[] = [
  {
    name: 'Simulated 450 W card',
    powerLimitW: 450,
    idleW: 22,
    vramBytes: 24 * GIB,
    maxClockMhz: 2700,
    memClockMhz: 10500,
    heatCapacity: 420,
    conduction: 0.055,
    convection: 0.05,
    limits,
    fan: true,
    memorySensor: false,
  },
  {
    name: 'Simulated 350 W card',
    powerLimitW: 350,
    idleW: 28,
    vramBytes: 24 * GIB,
    maxClockMhz: 1900,
    memClockMhz: 9750,
    heatCapacity: 330,
    conduction: 0.075,
    convection: 0.075,
    limits,
    fan: true,
    memorySensor: false,
  },
  {
    name: 'Simulated 170 W card',
    powerLimitW: 170,
    idleW: 11,
    vramBytes: 12 * GIB,
    maxClockMhz: 1850,
    memClockMhz: 7500,
    heatCapacity: 180,
    conduction: 0.12,
    convection: 0.13,
    limits,
    fan: true,
    memorySensor: false,
  },
  {
    name: 'Simulated 300 W server card',
    powerLimitW: 300,
    idleW: 45,
    vramBytes: 80 * GIB,
    maxClockMhz: 1410,
    memClockMhz: 1512,
    heatCapacity: 380,
    conduction: 0.07,
    convection: 0.06,
    limits: { target: 80, max: 85, slowdown: 89, shutdown: 92 },
    fan: false,
    memorySensor: true,
  },
];
