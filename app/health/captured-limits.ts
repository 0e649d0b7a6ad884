/**
 * Temperature limits as cards reported them in public captures (telegraf @b2726314, netdata @04b1cf54). For comparison
 * alone: the limits of a card are always read from the card, never taken from here.
 */
export type CapturedLimits = {
  readonly card: string;
  readonly shutdown: number;
  readonly slowdown: number;
  readonly gpuMax?: number;
  readonly memMax?: number;
  readonly target?: number;
};

// the RTX 3080's target was 83 or 91 by driver; the more particular name first: the first one found in a card's name is taken
export const capturedLimits: readonly CapturedLimits[] = [
  { card: 'A100-SXM4', shutdown: 92, slowdown: 89, gpuMax: 85, memMax: 95 },
  { card: 'A10G', shutdown: 98, slowdown: 95, gpuMax: 88 },
  { card: 'T4', shutdown: 96, slowdown: 93, gpuMax: 85 },
  { card: 'P100', shutdown: 85, slowdown: 82 },
  { card: 'GTX 1660 Ti', shutdown: 96, slowdown: 93, gpuMax: 91 },
  { card: 'RTX 2080', shutdown: 100, slowdown: 97, gpuMax: 88, target: 83 },
  { card: 'RTX 3060 Laptop', shutdown: 105, slowdown: 102, gpuMax: 75 },
  { card: 'RTX 3060', shutdown: 98, slowdown: 95, gpuMax: 93, target: 83 },
  { card: 'RTX 3080', shutdown: 98, slowdown: 95, gpuMax: 93 },
  { card: 'RTX 3090', shutdown: 98, slowdown: 95, gpuMax: 93, target: 83 },
  { card: 'Quadro P2000', shutdown: 104, slowdown: 101, target: 83 },
  { card: 'Quadro P400', shutdown: 103, slowdown: 100 },
  { card: 'MX330', shutdown: 102, slowdown: 97, gpuMax: 57 },
];

/** The capture of a card by its name as the driver prints it. */
export const capturedLimitsOf = (name: string): CapturedLimits | undefined =>
  capturedLimits.find(({ card }) => ` ${name.replaceAll(/[-,]/g, ' ')} `.includes(` ${card.replaceAll('-', ' ')} `));
