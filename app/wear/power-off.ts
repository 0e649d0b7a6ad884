import { present } from './meter-state.ts';
import { POWER_OFF } from './model.ts';

/** What is known about a gap between two samples. */
export type Gap = {
  readonly gapMs: number;
  /** first core temperature after it, °C */
  readonly coreC: number;
  /** the card's energy counter on each side, mJ; NaN where it was not read */
  readonly energyBeforeMj: number;
  readonly energyAfterMj: number;
};

/**
 * Whether the card was off during a gap. Its energy counter restarts from zero with the driver; without that counter, a
 * cold first reading is the only evidence. A short gap never counts: the card could not have cooled.
 */
export function wasPoweredOff({ gapMs, coreC, energyBeforeMj, energyAfterMj }: Gap): boolean {
  if (!(gapMs >= POWER_OFF.minMs)) return false;
  const counted = present(energyBeforeMj) && present(energyAfterMj);
  return counted ? energyAfterMj < energyBeforeMj : coreC <= POWER_OFF.coldC;
}

/** The temperature to which the card cooled: that of a room, or colder if its first reading is, °C. */
export const cooledTo = (coreC: number): number => Math.min(POWER_OFF.roomC, coreC);
