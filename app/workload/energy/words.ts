import { joined, type NumberFormatter } from '../../core/format.ts';
import type { Translate } from '../../core/i18n.ts';
import { ENERGY_ERROR } from './energy.ts';
import type { EnergyWhy, Range } from './schema.ts';
import type { Unseen } from './span.ts';

/** A range is printed as ± a percentage only if its ends differ from the energy by nearly the same. */
const EVEN = 0.02;

/** The uncertainty of an energy: "± 5 %", or both ends of its range where they are not equally far away. */
export function errorText(energyJ: number, range: Range | undefined, t: Translate, format: NumberFormatter): string {
  const plusMinus = (share: number): string => `± ${format.percent(share)} %`;
  if (!range) return plusMinus(ENERGY_ERROR); // stored by an early version
  const [below, above] = [energyJ - range.low, range.high - energyJ];
  if (energyJ > 0 && Math.abs(above - below) <= EVEN * energyJ) return plusMinus(Math.max(below, above) / energyJ);
  if (range.high === 0) return plusMinus(ENERGY_ERROR);
  return t('energyRange', { low: joined(format.energy(range.low)), high: joined(format.energy(range.high)) });
}

type Noted = {
  readonly energyJ?: number | undefined;
  readonly energyWhy?: EnergyWhy | undefined;
  readonly unseen?: Unseen | undefined;
};

/**
 * What must be said beside an energy: that counter and power contradict each other, and what was not seen. The range
 * includes what was not seen; it needs a sentence if it is more than the meter's own error.
 */
export function energyNotes(
  { energyJ, energyWhy, unseen }: Noted,
  t: Translate,
  format: NumberFormatter,
): readonly string[] {
  return [
    ...(energyWhy ? [t(`energyWhy.${energyWhy}`)] : []),
    ...(unseen && unseen.energyJ > ENERGY_ERROR * (energyJ ?? 0)
      ? [t('energyUnseen', { energy: joined(format.energy(unseen.energyJ)), duration: format.duration(unseen.ms) })]
      : []),
  ];
}
