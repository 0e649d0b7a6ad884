import { acceleration } from './arrhenius.ts';
import type { Band } from './exposure-schema.ts';
import { bandOf } from './families.ts';
import { REFERENCE, SILICON } from './model.ts';

/** A change that a person could make. Shares 0–1, and hours per day. */
export type Change =
  | { readonly kind: 'power-cap'; readonly share: number }
  | { readonly kind: 'temperature-ceiling'; readonly maxC: number }
  | { readonly kind: 'duty'; readonly factor: number }
  | { readonly kind: 'overnight'; readonly hoursADay: number };

/** The card's own recorded profile, and its own measured cooling. */
export type Profile = {
  readonly hoursByTemp: readonly { readonly tempC: number; readonly hours: number }[];
  /** K/W with its interval; undefined where no trend was measured */
  readonly resistance: { readonly low: number; readonly value: number; readonly high: number } | undefined;
  readonly effectiveAirC: number | undefined;
  readonly limitW: number | undefined;
};

export type WhatIf = {
  /** change of the hours' mean temperature, K */
  readonly meanK: number;
  /** change of the hottest hour's temperature, K */
  readonly peakK: number;
  /** change of family M1's equivalent hours, as a share: −0.41 is 41 % less */
  readonly exposure: Band;
};

export type NoWhatIf = 'no-profile' | 'no-resistance' | 'no-limit';

type Hours = readonly { readonly tempC: number; readonly hours: number }[];

const equivalent = (ea: number, hours: Hours): number =>
  hours.reduce((sum, step) => sum + step.hours * acceleration(ea, REFERENCE.coreTempC, step.tempC), 0);

/** Idle and loaded parts of a profile: below this share of its range of temperatures it idles. Ours. */
const IDLE_SHARE = 0.3;

function changed({ hoursByTemp, effectiveAirC, limitW }: Profile, change: Change, kPerW: number): Hours {
  const temps = hoursByTemp.map(({ tempC }) => tempC);
  const [low, high] = [Math.min(...temps), Math.max(...temps)];
  const idleBelow = low + IDLE_SHARE * (high - low);
  switch (change.kind) {
    case 'power-cap': {
      // T = a + R·P is the temperature at the cap; hotter hours are lowered to it. The hottest hour was at most at the limit
      // in warmer air, so a cap at the limit changes nothing
      const airC = Math.max(effectiveAirC ?? low, high - kPerW * (limitW ?? 0));
      const capC = airC + kPerW * change.share * (limitW ?? 0);
      return hoursByTemp.map(({ tempC, hours }) => ({ tempC: Math.min(tempC, Math.max(capC, idleBelow)), hours }));
    }
    case 'temperature-ceiling':
      return hoursByTemp.map(({ tempC, hours }) => ({ tempC: Math.min(tempC, change.maxC), hours }));
    case 'duty': {
      const loaded = hoursByTemp.filter(({ tempC }) => tempC > idleBelow);
      const idle = hoursByTemp.filter(({ tempC }) => tempC <= idleBelow);
      const sum = (list: Hours): number => list.reduce((total, { hours }) => total + hours, 0);
      const [loadedH, idleH] = [sum(loaded), sum(idle)];
      const moved = Math.min(loadedH * (change.factor - 1), idleH);
      const idleScale = idleH > 0 ? (idleH - moved) / idleH : 1;
      const loadScale = loadedH > 0 ? (loadedH + moved) / loadedH : 1;
      return [
        ...loaded.map(({ tempC, hours }) => ({ tempC, hours: hours * loadScale })),
        ...idle.map(({ tempC, hours }) => ({ tempC, hours: hours * idleScale })),
      ];
    }
    case 'overnight': {
      const days = hoursByTemp.reduce((total, { hours }) => total + hours, 0) / 24;
      return [...hoursByTemp, { tempC: low, hours: change.hoursADay * Math.max(days, 1 / 24) }];
    }
  }
}

/**
 * The modelled effect of a change on the card's own profile. The band is coherent: each activation energy, and each end
 * of the measured resistance, is applied to both profiles. Speed is not modelled.
 */
export function whatIf(profile: Profile, change: Change): WhatIf | NoWhatIf {
  const { hoursByTemp, resistance, limitW } = profile;
  const total = hoursByTemp.reduce((sum, { hours }) => sum + hours, 0);
  if (!(total > 0)) return 'no-profile';
  if (change.kind === 'power-cap' && resistance === undefined) return 'no-resistance';
  if (change.kind === 'power-cap' && limitW === undefined) return 'no-limit';
  const ends = change.kind === 'power-cap' && resistance ? [resistance.low, resistance.value, resistance.high] : [0];
  const share = (ea: number, kPerW: number): number =>
    equivalent(ea, changed(profile, change, kPerW)) / equivalent(ea, hoursByTemp) - 1;
  const all = SILICON.grid.flatMap((ea) => ends.map((kPerW) => share(ea, kPerW)));
  const middle = ends[ends.length >> 1]!;
  const after = changed(profile, change, middle);
  const meanOf = (hours: Hours): number => {
    const sum = hours.reduce((h, step) => h + step.hours, 0);
    return hours.reduce((t, step) => t + step.tempC * step.hours, 0) / sum;
  };
  const peakOf = (hours: Hours): number => Math.max(...hours.map(({ tempC }) => tempC));
  return {
    meanK: meanOf(after) - meanOf(hoursByTemp),
    peakK: peakOf(after) - peakOf(hoursByTemp),
    exposure: bandOf(all, share(SILICON.mid, middle)),
  };
}
