import { valueOf, type Frame } from '../../metrics/frame.ts';
import { isObserved, orNone } from '../../metrics/observed.ts';
import { trapezoidJ } from '../energy/energy.ts';
import { shareAt, type ShareSpan } from '../energy/shares.ts';
import { LOADED_UTIL_PCT } from '../programs/programs.ts';

type Parts = { ownJ: number; activeJ: number };

/** J between two samples, by the energy counter; undefined where it was not read at both, or was reset. */
function countedJ(before: Frame, frame: Frame): number | undefined {
  const [a, b] = [valueOf(before, 'energyMj'), valueOf(frame, 'energyMj')];
  return a === undefined || b === undefined || b < a ? undefined : (b - a) / 1000;
}

/** J between two samples, by power. */
function poweredJ(before: Frame, frame: Frame, dtMs: number | undefined): number | undefined {
  const [a, b] = [valueOf(before, 'powerW'), valueOf(frame, 'powerW')];
  return a === undefined || b === undefined || dtMs === undefined ? undefined : trapezoidJ(a, b, dtMs);
}

/**
 * The time in which a card worked for a session: it was busy, and the session had a part in it; and the part of the
 * session's energy in that time. A reading of the utilisation is about the time before it (nvml.h, nvmlUtilization_t), so
 * each one decides the interval that it ends. The part is a quotient, so it holds for whichever energy is shown.
 */
export function createActivity(shares: () => readonly ShareSpan[]) {
  const counted: Parts = { ownJ: 0, activeJ: 0 };
  const powered: Parts = { ownJ: 0, activeJ: 0 };
  let activeMs: number | undefined;

  function add(parts: Parts, joules: number | undefined, active: boolean): void {
    parts.ownJ += joules ?? 0;
    if (active) parts.activeJ += joules ?? 0;
  }

  return {
    /** @param dtMs ms between the samples; undefined: not observed, so not active */
    add(before: Frame, frame: Frame, dtMs: number | undefined, tsMs: number): void {
      const share = shareAt(shares(), tsMs - (dtMs ?? 0) / 2);
      const [was, is] = [orNone(before, 'gpuUtilPct'), orNone(frame, 'gpuUtilPct')];
      const utilPct = isObserved(was, is, dtMs ?? Number.NaN) ? is : undefined;
      const active = utilPct !== undefined && utilPct >= LOADED_UTIL_PCT;
      if (utilPct !== undefined) activeMs = (activeMs ?? 0) + (active && share !== 0 ? dtMs! : 0);
      const own = (joules: number | undefined): number | undefined => joules && joules * (share ?? 0);
      add(counted, own(countedJ(before, frame)), active);
      add(powered, own(poweredJ(before, frame, dtMs)), active);
    },
    /** undefined: the card never reported its utilisation */
    ms: (): number | undefined => activeMs,
    /** The part of an energy of the session that was used in active time. Undefined where it is not known. */
    partOf(ownJ: number | undefined): number | undefined {
      const parts = counted.ownJ > 0 ? counted : powered;
      if (ownJ === undefined || activeMs === undefined) return undefined;
      return parts.ownJ > 0 ? ownJ * (parts.activeJ / parts.ownJ) : undefined;
    },
  };
}
