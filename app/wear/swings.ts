import { present, slot, type MeterState } from './meter-state.ts';
import { CYCLE_GATE_K, SOLDER } from './model.ts';
import { cooledTo } from './power-off.ts';
import { createRainflow, feedRainflow, residue, type Cycle, type RainflowState } from './rainflow.ts';
import { referenceCycles } from './solder.ts';
import { cycleKey, type Tally } from './tally.ts';

const HOUR_MS = 3_600_000;

/** The fields of a tally that swings add to. */
export type SwingSums = Pick<Tally, 'solder' | 'solderInferred' | 'cycles' | 'inferredCycles'>;

export type SwingCounter = {
  /** The core temperature changed to `coreC`, at the end of the observed time axis. */
  readonly turn: (coreC: number) => void;
  /** The card was off for `gapMs`, and `coreC` is its first temperature after that. */
  readonly powerOff: (gapMs: number, coreC: number) => void;
  /** Adds the swings that are still open to `sums`, as half cycles (ASTM E1049). They stay open. */
  readonly addOpen: (sums: SwingSums) => void;
  readonly save: () => Pick<MeterState, 'measured' | 'inferred'>;
};

/** Adds one counted swing, unless it is sensor noise. */
function addCycle(
  damage: number[],
  matrix: Record<string, number>,
  { range, mean, count, startAt, endAt }: Cycle,
  sign: 1 | -1 = 1,
): void {
  if (range < CYCLE_GATE_K) return;
  const [maxTempC, dwellHours] = [mean + range / 2, (endAt - startAt) / HOUR_MS];
  SOLDER.forEach((set, i) => (damage[i]! += sign * count * referenceCycles(range, dwellHours, maxTempC, set)));
  const key = cycleKey(range, maxTempC, dwellHours);
  matrix[key] = (matrix[key] ?? 0) + sign * count;
}

// A measured swing is subtracted from the inferred count: only the difference is inferred.
function addMeasured(sums: SwingSums, cycle: Cycle): void {
  addCycle(sums.solder, sums.cycles, cycle);
  addCycle(sums.solderInferred, sums.inferredCycles, cycle, -1);
}
const addInferred = (sums: SwingSums, cycle: Cycle): void => addCycle(sums.solderInferred, sums.inferredCycles, cycle);

/**
 * Counts temperature swings twice: as measured, where a power-off ends the count, and as inferred, where the card also
 * cools to room temperature at each power-off.
 * @param at the meter's numbers; the counter owns the slots heldC, heldAtMs and inferredAxisMs
 * @param sums the tally of the current hour, which receives counted swings
 */
export function createSwingCounter(
  at: Float64Array,
  sums: () => SwingSums,
  saved?: Pick<MeterState, 'measured' | 'inferred'>,
): SwingCounter {
  const measured: RainflowState = saved ? structuredClone(saved.measured) : createRainflow();
  const inferred: RainflowState = saved ? structuredClone(saved.inferred) : createRainflow();
  const onMeasured = (cycle: Cycle): void => addMeasured(sums(), cycle);
  const onInferred = (cycle: Cycle): void => addInferred(sums(), cycle);

  function feedBoth(coreC: number, axisMs: number): void {
    feedRainflow(measured, coreC, axisMs, onMeasured);
    feedRainflow(inferred, coreC, axisMs + at[slot.inferredAxisMs]!, onInferred);
  }

  /** Records how long the temperature has not changed. The hot loop only notes the time. */
  function settle(): void {
    if (present(at[slot.heldC]!)) feedBoth(at[slot.heldC]!, at[slot.heldAtMs]!);
  }

  return {
    turn(coreC) {
      settle();
      feedBoth(coreC, at[slot.axisMs]!);
      at[slot.heldC] = coreC;
      at[slot.heldAtMs] = at[slot.axisMs]!;
    },
    powerOff(gapMs, coreC) {
      settle();
      // the way down was not observed: the measured count ends here, with its open swings as half cycles, and restarts
      residue(measured).forEach(onMeasured);
      Object.assign(measured, { ...createRainflow(), last: undefined });
      at[slot.inferredAxisMs]! += gapMs;
      feedRainflow(inferred, cooledTo(coreC), at[slot.axisMs]! + at[slot.inferredAxisMs]!, onInferred);
      at[slot.heldC] = Number.NaN; // the inferred count is at room temperature, the measured one has no value yet
    },
    addOpen(open) {
      settle();
      residue(measured).forEach((cycle) => addMeasured(open, cycle));
      residue(inferred).forEach((cycle) => addInferred(open, cycle));
    },
    save() {
      settle();
      return { measured: structuredClone(measured), inferred: structuredClone(inferred) };
    },
  };
}
