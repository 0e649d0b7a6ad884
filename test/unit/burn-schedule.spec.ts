import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSchedule, standardPlan, type BurnPlan } from '../../app/workload/burn/schedule.ts';

/** Runs a schedule once a second over a course of temperatures; returns the phases with the second they began. */
function play(plan: BurnPlan, tempAt: (s: number) => number | undefined, seconds = 4000): string[] {
  const schedule = createSchedule(plan);
  const seen: string[] = [];
  let before = '';
  for (let s = 0; s < seconds; s++) {
    const { phase, ending } = schedule.step(s * 1000, tempAt(s));
    const now = ending ? `${phase} ${ending}` : phase;
    if (now !== before) seen.push(`${now} ${s}`);
    before = now;
  }
  return seen;
}

describe('the schedule of the reference load', () => {
  it('idles, ramps, soaks until the card has warmed through, and cools down', () => {
    const seen = play(standardPlan, (s) => 75 - 40 * Math.exp(-Math.max(0, s - 30) / 120));
    expect(seen.map((line) => line.replace(/ \d+$/, ''))).toEqual([
      'idle',
      'ramp',
      'soak',
      'cool-down',
      'ended complete',
    ]);
    const [soak, cool] = seen.slice(2, 4).map((line) => Number(line.split(' ')[1]));
    expect(cool! - soak!).toBeGreaterThan(180);
    expect(cool! - soak!).toBeLessThan(600);
  });

  it('soaks for its shortest time where no card is observed', () => {
    expect(play(standardPlan, () => undefined)).toEqual([
      'idle 0',
      'ramp 30',
      'soak 60',
      'cool-down 240',
      'ended complete 360',
    ]);
  });

  it.each([
    ['too-hot', (s: number) => (s < 100 ? 60 : 88), 100],
    ['telemetry-lost', (s: number) => (s < 100 ? 60 : undefined), 110],
    ['time', (s: number) => 40 + s / 40, 1800],
  ] as const)('stops hard: %s', (why, tempAt, second) => {
    const plan = why === 'time' ? { ...standardPlan, soakMs: [1e9, 1e9] as const } : standardPlan;
    expect(play(plan, tempAt).at(-1)).toBe(`ended ${why} ${second}`);
  });

  it('gives no load outside ramp and soak, and none ever again after its end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 20, max: 95 }), { nil: undefined }), { minLength: 50, maxLength: 800 }),
        (temps) => {
          const schedule = createSchedule({ ...standardPlan, idleMs: 5000, rampMs: 5000, soakMs: [20_000, 60_000] });
          let over = false;
          temps.forEach((tempC, s) => {
            const { phase, load, ending } = schedule.step(s * 1000, tempC);
            if (phase !== 'ramp' && phase !== 'soak') expect(load).toBe(0);
            expect(load).toBeLessThanOrEqual(1);
            if (over) expect(ending).toBeDefined();
            over ||= ending !== undefined;
            if (tempC !== undefined && tempC >= standardPlan.maxTempC) expect(load).toBe(0);
          });
        },
      ),
    );
  });

  it('ends at once when it is aborted', () => {
    const schedule = createSchedule(standardPlan);
    schedule.step(0, 50);
    schedule.abort();
    expect(schedule.step(1000, 50)).toEqual({ phase: 'ended', load: 0, ending: 'aborted' });
  });
});
