import { readingOf, valueOf, type Frame } from '../../metrics/frame.ts';
import type { Absence } from '../../core/reading.ts';
import type { TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import type { Tick } from '../../telemetry/sampler.ts';
import { trapezoidJ } from '../../workload/energy/energy.ts';

/** What a card has used since Slowburn first published it. It only grows, also over restarts of the recorder. */
export const energyTotal = z.object({
  joules: z.number().min(0),
  /** the newest reading of the card's own counter, mJ; null: the card has none */
  counterMj: z.number().min(0).nullable(),
  /** wall clock of that reading, ms since 1970 */
  atMs: z.number(),
});
export type EnergyTotal = TypeOf<typeof energyTotal>;

/** A counter that grew faster was misread: the largest modules are near 1,400 W. */
const MOST_W = 3000;
/** The driver updates the counter in steps of up to 100 ms, so a step may contain a little more than its time. */
const SLACK_J = 100;
/** States that say that there is no counter. In the others it may answer at the next tick, and then covers the time between. */
const NO_COUNTER: readonly Absence[] = ['unsupported', 'unreported', 'denied'];

export type EnergyTick = Pick<Tick, 'tsMs' | 'dtMs' | 'axisMs'>;

/**
 * Adds up the energy of one card. The counter of the card takes precedence. It runs while no recorder does, so its growth
 * in that time counts as well. If it is lower than before, the driver was loaded again, and all that it shows was used since
 * the last reading. A step that no card could have made is left out. Without a counter, power is integrated between ticks
 * that follow each other, and never across a gap. These rules may leave energy out. Only a misread counter can add some, and
 * no more than the largest card could have used since the last reading.
 */
export function createEnergyTotal(saved?: EnergyTotal) {
  let total: EnergyTotal | undefined = saved;
  let counterAxisMs: number | undefined;
  let beforeW: number | undefined;

  function counted(readingMj: number, { tsMs, axisMs }: EnergyTick): number {
    if (!total || total.counterMj === null) return 0;
    const elapsedMs =
      axisMs !== undefined && counterAxisMs !== undefined ? axisMs - counterAxisMs : Math.max(0, tsMs - total.atMs);
    const usedJ = (readingMj >= total.counterMj ? readingMj - total.counterMj : readingMj) / 1000;
    return usedJ <= (MOST_W * elapsedMs) / 1000 + SLACK_J ? usedJ : 0;
  }

  return {
    feed(frame: Frame, tick: EnergyTick): void {
      const powerW = valueOf(frame, 'powerW');
      const integratedJ =
        beforeW === undefined || powerW === undefined || tick.dtMs === undefined
          ? undefined
          : trapezoidJ(beforeW, powerW, tick.dtMs);
      beforeW = powerW;
      const counter = readingOf(frame, 'energyMj');
      const hadCounter = typeof total?.counterMj === 'number';
      if (counter.state === 'value') {
        const usedJ = hadCounter ? counted(counter.value, tick) : (integratedJ ?? 0);
        total = { joules: (total?.joules ?? 0) + usedJ, counterMj: counter.value, atMs: tick.tsMs };
        counterAxisMs = tick.axisMs;
        return;
      }
      if (hadCounter && !NO_COUNTER.includes(counter.state)) return;
      if (integratedJ === undefined && !hadCounter) return;
      total = { joules: (total?.joules ?? 0) + (integratedJ ?? 0), counterMj: null, atMs: tick.tsMs };
    },
    /** undefined: nothing was ever measured */
    total: (): EnergyTotal | undefined => total,
  };
}
