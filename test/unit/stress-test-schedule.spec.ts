import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStressTestCard } from '../../app/load/card.ts';
import { createSchedule, standardPlan, type StressTestPlan } from '../../app/load/schedule.ts';
import { frameWith, tickWith } from '../support/frames.ts';

/** Runs a schedule once a second over a course of temperatures; returns the phases with the second they began. */
function play(plan: StressTestPlan, tempAt: (s: number) => number | undefined, onCard = true): string[] {
  const seconds = 4000;
  const schedule = createSchedule(plan, onCard);
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

  it('soaks for its shortest time on the software adapter, which no card observes', () => {
    expect(play(standardPlan, () => undefined, false)).toEqual([
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

  it('puts no load on a card whose temperature is never read', () => {
    expect(play(standardPlan, () => undefined)).toEqual(['idle 0', 'ended telemetry-lost 11']);
  });

  it('stops hard for another card that is too hot', () => {
    const schedule = createSchedule(standardPlan);
    schedule.step(0, 50, 60);
    expect(schedule.step(1000, 50, 88)).toMatchObject({ ending: 'too-hot' });
  });
});

describe('the card of a stress test', () => {
  const source = { kind: 'nvml', label: 'Test', simulated: false } as const;
  const ticks = (card: ReturnType<typeof createStressTestCard>, seconds: number, ...utils: readonly number[]): void => {
    for (let s = 0; s < seconds; s++)
      card.feed(
        {
          ...tickWith(
            s * 1000,
            1000,
            utils.map((gpuUtilPct, i) => frameWith({ coreTempC: 50 + 10 * i, powerW: 100, gpuUtilPct })),
          ),
          source,
        },
        true,
      );
  };

  it('returns each reading once: one that never changes means a card that is not seen', () => {
    const card = createStressTestCard('GPU-test-0');
    ticks(card, 1, 99, 0);
    expect(card.take()).toEqual({ tempC: 50, hottestC: 60 });
    expect(card.take()).toBeUndefined();
  });

  it('says so if it is not the chosen one, and then claims no joule', () => {
    const card = createStressTestCard('GPU-test-0');
    ticks(card, 4, 0, 99);
    expect(card.figures()).toMatchObject({ energyJ: 300 });
    ticks(card, 4, 0, 99);
    expect(card.figures()).toMatchObject({ elsewhere: 'Test GPU 1', energyJ: undefined });
  });

  it('is none where cards are simulated', () => {
    const card = createStressTestCard('GPU-test-0');
    card.feed(tickWith(0, 1000, [frameWith({ coreTempC: 50 })]), true);
    expect([card.take(), card.figures()]).toEqual([undefined, {}]);
  });
});
