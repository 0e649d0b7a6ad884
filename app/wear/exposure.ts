import type { Band, Exposure, FamilyExposure } from './exposure-schema.ts';
import { bandOf, scaleBand } from './families.ts';
import { familyIds, type FamilyId, type FamilyOff } from './family-ids.ts';
import { HOUR_MS } from './meter.ts';
import {
  CAPACITORS,
  ELECTROMIGRATION,
  FAN,
  FAN_AIR_C,
  MODEL_VERSION,
  REFERENCE,
  SILICON,
  SOLDER,
  SOLDER_MID,
} from './model.ts';
import { agingRate } from './board-parts.ts';
import { cycleRows, type Tally } from './tally.ts';
import { withhold, type Computed } from './withhold.ts';

export type { Band, Exposure, FamilyExposure } from './exposure-schema.ts';
export { familyIds, type FamilyId } from './family-ids.ts';

export type ExposureContext = {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** the card's default power limit; M2 is off without it */
  readonly defaultLimitW?: number | undefined;
  /** air at the fan, where the card's own readings give an estimate */
  readonly airC?: Band | undefined;
};

type ParameterSet = { readonly name: string; readonly equivalentMs: number };

function family(
  confidence: FamilyExposure['confidence'],
  observedMs: number,
  computed: readonly ParameterSet[],
  mid: number,
): Computed {
  const rates = computed.map(({ equivalentMs }) => equivalentMs / observedMs);
  const rate = bandOf(rates, rates[mid]!);
  const observedHours = observedMs / HOUR_MS;
  return {
    confidence,
    observedHours,
    rate,
    equivalentHours: scaleBand(rate, observedHours),
    sets: computed.map(({ name }, i) => ({ name, rate: rates[i]! })),
  };
}

const silicon = (tally: Tally): Computed =>
  family(
    'medium',
    tally.observedMs,
    SILICON.grid.map((ea, i) => ({ name: `Ea ${ea} eV`, equivalentMs: tally.silicon[i]! })),
    SILICON.grid.indexOf(SILICON.mid),
  );

function electromigration(tally: Tally, defaultLimitW: number): Computed {
  const referenceW = REFERENCE.powerShare * defaultLimitW;
  const sets = ELECTROMIGRATION.exponents.flatMap((n, i) =>
    ELECTROMIGRATION.energies.map((ea, j) => ({
      n,
      ea,
      name: `n ${n}, Ea ${ea} eV`,
      equivalentMs: tally.electromigration[i * ELECTROMIGRATION.energies.length + j]! / referenceW ** n,
    })),
  );
  const { mid } = ELECTROMIGRATION;
  return family(
    'low',
    tally.powerMs,
    sets,
    sets.findIndex(({ n, ea }) => n === mid.exponent && ea === mid.ea),
  );
}

const DAY_MS = 24 * HOUR_MS;

function solder(tally: Tally): Computed {
  const equivalent = (cycles: readonly number[]): ParameterSet[] =>
    SOLDER.map(({ name }, i) => ({ name, equivalentMs: (cycles[i]! / REFERENCE.cyclesPerDay) * DAY_MS }));
  const measured = family('low', tally.observedMs, equivalent(tally.solder), SOLDER_MID);
  if (Object.keys(tally.inferredCycles).length === 0) return measured;
  const both = tally.solder.map((cycles, i) => Math.max(0, cycles + tally.solderInferred[i]!));
  return { ...measured, withInferred: family('low', tally.observedMs, equivalent(both), SOLDER_MID).rate };
}

const capacitors = (tally: Tally): Computed =>
  family(
    'low',
    tally.memMs,
    CAPACITORS.map(({ name }, i) => ({ name, equivalentMs: tally.capacitors[i]! })),
    0,
  );

function fan(tally: Tally, airC: Band): Computed {
  const sets = FAN.factors.flatMap((factor) =>
    FAN.exponents.flatMap((s, k) =>
      (['low', 'mid', 'high'] as const).map((end) => ({
        isMid: factor === FAN.mid.factor && s === FAN.mid.exponent && end === 'mid',
        name: `F ${factor}, s ${s}, air ${airC[end].toFixed(0)} °C`,
        equivalentMs: tally.fan[k]! * agingRate(REFERENCE.airTempC, airC[end], factor),
      })),
    ),
  );
  return family(
    'low',
    tally.fanMs,
    sets,
    sets.findIndex(({ isMid }) => isMid),
  );
}

const byRange = (cycles: Readonly<Record<string, number>>): { rangeK: number; count: number }[] => {
  const sums = new Map<number, number>();
  for (const { rangeK, count } of cycleRows(cycles)) sums.set(rangeK, (sums.get(rangeK) ?? 0) + count);
  return [...sums]
    .filter(([, count]) => count !== 0)
    .sort(([a], [b]) => a - b)
    .map(([rangeK, count]) => ({ rangeK, count }));
};

/**
 * The result of the model for a tally. Bands are coherent: each parameter set was applied to the whole history, and the
 * band is the lowest and the highest result. A rate is withheld until enough was observed.
 */
export function summariseExposure(tally: Tally, context: ExposureContext = {}): Exposure {
  const { sinceMs, untilMs, defaultLimitW, airC = FAN_AIR_C } = context;
  const families: Partial<Record<FamilyId, FamilyExposure>> = {};
  const off: Partial<Record<FamilyId, FamilyOff>> = {};
  const observed = tally.observedMs > 0;
  const cycles = byRange(tally.cycles);
  const swings = cycles.reduce((sum, { count }) => sum + count, 0);

  const computed: Readonly<Record<FamilyId, Computed | FamilyOff>> = {
    M1: observed ? silicon(tally) : 'not-observed',
    M2: !observed
      ? 'not-observed'
      : tally.powerMs === 0
        ? 'no-power'
        : defaultLimitW === undefined
          ? 'no-default-limit'
          : electromigration(tally, defaultLimitW),
    M3: observed ? solder(tally) : 'not-observed',
    M4: tally.memMs > 0 ? capacitors(tally) : 'no-memory-sensor',
    M5: tally.fanMs > 0 ? fan(tally, airC) : 'no-fan',
  };
  for (const id of familyIds) {
    const family = computed[id];
    if (typeof family === 'string') off[id] = family;
    else families[id] = withhold(id, family, swings);
  }

  const spanMs = sinceMs !== undefined && untilMs !== undefined ? untilMs - sinceMs : tally.observedMs;
  return {
    modelVersion: MODEL_VERSION,
    reference: REFERENCE.name,
    sinceMs,
    untilMs,
    observedHours: tally.observedMs / HOUR_MS,
    coverage: observed ? Math.min(1, tally.observedMs / Math.max(spanMs, tally.observedMs)) : 0,
    families,
    off,
    cycles,
    inferredCycles: byRange(tally.inferredCycles),
    hoursByTemp: Object.entries(tally.coreMs)
      .map(([temp, ms]) => ({ tempC: Number(temp), hours: ms / HOUR_MS }))
      .sort((a, b) => a.tempC - b.tempC),
  };
}
