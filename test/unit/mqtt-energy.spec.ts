import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kwhOf } from '../../app/alerts/mqtt/card-state.ts';
import { createEnergyTotal, type EnergyTotal } from '../../app/alerts/mqtt/energy-total.ts';
import type { Absence } from '../../app/core/reading.ts';
import { frameWith } from '../support/frames.ts';

const START = Date.UTC(2026, 2, 1);

/** What happens to a card, its driver and its recorder between two readings. */
type Step = {
  readonly watts: number;
  readonly ms: number;
  readonly counter: number | Absence | 'right';
  readonly power: 'right' | Absence;
  /** the driver is loaded again: its counter begins at 0 */
  readonly reload: boolean;
  /** the recorder ends and starts again from what is on the disk; `killed`: not all is */
  readonly recorder: 'runs' | 'restarts' | 'killed';
};

const transient: readonly Absence[] = ['asleep', 'stalled', 'lost', 'failed', 'implausible', 'unread'];
const steps = (part: Partial<{ [K in keyof Step]: fc.Arbitrary<Step[K]> }> = {}): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      watts: fc.integer({ min: 0, max: 1400 }),
      ms: fc.constantFrom(100, 1000, 5000, 60_000, 3_600_000),
      counter: fc.oneof({ weight: 3, arbitrary: fc.constant('right' as const) }, fc.constantFrom(...transient)),
      power: fc.oneof({ weight: 3, arbitrary: fc.constant('right' as const) }, fc.constantFrom(...transient)),
      reload: fc.constant(false),
      recorder: fc.oneof(
        { weight: 4, arbitrary: fc.constant('runs' as const) },
        fc.constantFrom('restarts' as const, 'killed' as const),
      ),
      ...part,
    }),
    { minLength: 2, maxLength: 60 },
  );

/** Plays a life; answers what was published after each step, and what the card has really used since its first reading. */
function play(life: readonly Step[]): { published: (number | undefined)[]; usedJ: number[] } {
  let total = createEnergyTotal();
  let onDisk: EnergyTotal | undefined;
  let [tsMs, axisMs, counterMj, usedJ] = [START, 0, 5_000_000, 0];
  let measured = false;
  const published: (number | undefined)[] = [];
  const used: number[] = [];
  for (const { watts, ms, counter, power, reload, recorder } of life) {
    tsMs += ms;
    axisMs += ms;
    if (reload) counterMj = 0;
    counterMj += watts * ms;
    if (measured) usedJ += (watts * ms) / 1000;
    const restarted = recorder !== 'runs';
    if (restarted) {
      if (recorder === 'restarts') onDisk = total.total();
      total = createEnergyTotal(onDisk);
      axisMs = 0;
    }
    const frame = frameWith({
      energyMj: counter === 'right' ? counterMj : counter,
      powerW: power === 'right' ? watts : power,
    });
    const gap = restarted || tsMs === START + ms || ms > 10_000;
    total.feed(frame, { tsMs, dtMs: gap ? undefined : ms, axisMs });
    if (total.total()) measured = true;
    // the order of the product: what is published is on the disk before
    if (ms >= 1000) onDisk = total.total();
    published.push(onDisk?.joules);
    used.push(usedJ);
  }
  return { published, usedJ: used };
}

const grows = (values: readonly (number | undefined)[]): void =>
  values.forEach((value, i) => {
    const before = values[i - 1];
    if (before !== undefined) expect(value).toBeGreaterThanOrEqual(before);
  });

/**
 * What Home Assistant's energy page adds up for `total_increasing`: growth since the first state; a lower state begins a new
 * cycle from 0 (developers.home-assistant.io, "New sensor state class: total_increasing").
 */
function energyPage(states: readonly (number | null)[]): number {
  let [sum, before] = [0, undefined as number | undefined];
  for (const state of states) {
    if (state === null) continue;
    if (before !== undefined) sum += state >= before ? state - before : state;
    before = state;
  }
  return sum;
}

describe('the energy total of a card', () => {
  it('never goes back and never counts more than the card used, whatever happens to card, driver and recorder', () => {
    const any = steps({
      reload: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
      counter: fc.oneof(
        { weight: 3, arbitrary: fc.constant('right' as const) },
        fc.constantFrom<Absence>(...transient, 'unsupported', 'denied'),
      ),
    });
    fc.assert(
      fc.property(any, (life) => {
        const { published, usedJ } = play(life);
        grows(published);
        // integrated power is exact only for constant power, so its error is bounded by the largest difference
        const integrated = life.some(({ counter }) => counter === 'unsupported' || counter === 'denied');
        const noCounterYet = life.findIndex(({ counter }) => counter === 'right') !== 0;
        if (!integrated && !noCounterYet)
          published.forEach((value, i) => expect(value ?? 0).toBeLessThanOrEqual(usedJ[i]! + 1e-6));
      }),
    );
  });

  it('is what the counter of the card says, over absent readings, gaps, restarts and kills', () => {
    fc.assert(
      fc.property(steps(), (life) => {
        const right = life.map((step, i): Step =>
          i === 0 || i === life.length - 1 ? { ...step, counter: 'right', ms: 1000 } : step,
        );
        const { published, usedJ } = play(right);
        expect(published.at(-1)).toBeCloseTo(usedJ.at(-1)!, 6);
      }),
    );
  });

  it('counts all that a counter shows after the driver was loaded again', () => {
    const step = { watts: 100, ms: 1000, counter: 'right', power: 'right', reload: false, recorder: 'runs' } as const;
    const { published } = play([step, step, { ...step, reload: true, ms: 5000 }, step]);
    expect(published).toEqual([0, 100, 600, 700]);
  });

  it('takes no step that no card could have made', () => {
    const step = { watts: 100, ms: 1000, counter: 'right', power: 'right', reload: false, recorder: 'runs' } as const;
    const { published } = play([step, step, { ...step, counter: 4e12 }, { ...step, counter: 0 }, step, step]);
    expect(published).toEqual([0, 100, 100, 100, 100, 200]);
  });

  it('integrates power where there is no counter, and never across a gap', () => {
    const step = {
      watts: 100,
      ms: 1000,
      counter: 'unsupported',
      power: 'right',
      reload: false,
      recorder: 'runs',
    } as const;
    const life: Step[] = [step, step, step, { ...step, ms: 60_000 }, step, { ...step, recorder: 'restarts' }, step];
    expect(play(life).published).toEqual([undefined, 100, 200, 200, 300, 300, 400]);
  });

  it('is absent, not 0, where nothing was ever measured', () => {
    const dark = {
      watts: 100,
      ms: 1000,
      counter: 'unsupported',
      power: 'denied',
      reload: false,
      recorder: 'runs',
    } as const;
    expect(play([dark, dark, dark]).published).toEqual([undefined, undefined, undefined]);
    expect(kwhOf(undefined)).toBeNull();
  });

  it('reaches the energy page of Home Assistant as what the card used, to the mWh', () => {
    fc.assert(
      fc.property(steps({ reload: fc.boolean() }), (life) => {
        const states = play(life).published.map(kwhOf);
        const known = states.filter((state) => state !== null);
        expect(energyPage(states)).toBeCloseTo((known.at(-1) ?? 0) - (known[0] ?? 0), 9);
      }),
    );
    expect(kwhOf(3.6e6)).toBe(1);
    expect(kwhOf(3.5)).toBe(0);
  });
});
