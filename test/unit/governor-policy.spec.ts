import { describe, expect, it } from 'vitest';
import { createPolicy, type Decision, type Situation } from '../../app/governor/policy.ts';
import { settingsSchema, type Settings } from '../../app/settings/settings.ts';
import { tariffOf } from '../../app/workload/energy/tariff.ts';

type Limits = Partial<Settings['governor']>;

const NOON = new Date(2026, 0, 12, 12).getTime();
const quiet: Situation = { tsMs: NOON, tMs: 0, tempC: 50, powerW: 100, stressHours: 0, limitRange: undefined };

/** Decisions of one policy for situations in order; each is given as what differs from a cool, idle card. */
function decide(governor: Limits, situations: readonly Partial<Situation>[], more: Partial<Settings> = {}): Decision[] {
  const settings = settingsSchema.parse({ ...more, governor: { enabled: true, ...governor } });
  const policy = createPolicy(settings.governor, tariffOf(settings, undefined));
  return situations.map((situation) => policy.decide({ ...quiet, ...situation }));
}
const s = (seconds: number, tempC: number | undefined): Partial<Situation> => ({ tMs: seconds * 1000, tempC });
const at = (hour: number, minute = 0): number => new Date(2026, 0, 12, hour, minute).getTime();
const last = (decisions: readonly Decision[]): Decision => decisions.at(-1)!;

describe('the temperature limit', () => {
  const limit = { coreTempC: 80, mayHold: true };

  it.each([
    ['one degree above it is sensor noise', [s(0, 81), s(60, 81)], undefined],
    ['more than one degree above it counts after 30 s', [s(0, 81.1), s(30, 81.1)], 'temperature'],
    ['29.999 s are not enough', [s(0, 82), s(29.999, 82)], undefined],
    ['a moment at the limit starts the time again', [s(0, 82), s(20, 81), s(30, 82), s(59, 82)], undefined],
    ['an absent reading exceeds nothing', [s(0, undefined), s(60, undefined)], undefined],
    ['an absent reading is no reading below it', [s(0, 90), s(15, undefined), s(30, 90)], 'temperature'],
  ] as const)('%s', (_, situations, hold) => {
    const decision = last(decide(limit, situations));
    expect(decision.hold).toBe(hold);
    expect(decision.passed).toEqual(hold ? [hold] : []);
  });

  it.each([
    ['resumes work 8 degrees below it, after five minutes', 72, 300, undefined],
    ['keeps work paused while the card is warmer', 72.1, 300, 'temperature'],
    ['keeps work paused for five minutes, however cool the card is', 30, 299.999, 'temperature'],
    ['resumes work if the card no longer reports its temperature', undefined, 1, undefined],
  ] as const)('%s', (_, tempC, seconds, hold) => {
    const heldAt = 30;
    expect(last(decide(limit, [s(0, 90), s(heldAt, 90), s(heldAt + seconds, tempC)])).hold).toBe(hold);
  });

  it('measures the five minutes of each pause from that pause’s start', () => {
    const again = [s(0, 90), s(30, 90), s(330, 60), s(340, 90), s(370, 90), s(669, 60), s(670, 60)];
    expect(decide(limit, again).map(({ hold }) => hold)).toEqual([
      undefined,
      'temperature',
      undefined,
      undefined, // the time above the limit counts from here
      'temperature',
      'temperature',
      undefined,
    ]);
  });

  it('is kept by the power limit where one may be set, so work is not paused', () => {
    const limitRange = { minW: 100, ownW: 400 };
    const hot = [s(0, 90), s(30, 90)].map((situation) => ({ ...situation, limitRange }));
    expect(last(decide({ ...limit, maySetLimit: true }, hot))).toMatchObject({
      passed: ['temperature'],
      hold: undefined,
    });
    expect(last(decide({ ...limit, maySetLimit: false }, hot)).hold).toBe('temperature');
    expect(last(decide({ ...limit, maySetLimit: true }, [s(0, 90), s(30, 90)])).hold).toBe('temperature');
  });

  it('is exceeded by no temperature where none is set', () => {
    const hot = [s(0, 90), s(60, 90)].map((situation) => ({ ...situation, powerW: 300 }));
    expect(last(decide({ powerW: 200, mayHold: true }, hot))).toMatchObject({ passed: ['power'], hold: undefined });
  });

  it('leaves the pause for another limit where a power limit may be set', () => {
    const situation = { stressHours: 2, limitRange: { minW: 100, ownW: 400 } };
    const limits = { stressHoursPerDay: 1, mayHold: true, maySetLimit: true };
    expect(last(decide(limits, [situation])).hold).toBe('stress');
  });

  it('pauses nothing without permission', () => {
    expect(last(decide({ coreTempC: 80 }, [s(0, 90), s(30, 90)]))).toMatchObject({
      passed: ['temperature'],
      hold: undefined,
    });
  });

  it('starts again after a reset', () => {
    const settings = settingsSchema.parse({ governor: { enabled: true, ...limit } });
    const policy = createPolicy(settings.governor, tariffOf(settings, undefined));
    const feed = (seconds: number) => policy.decide({ ...quiet, ...s(seconds, 90) }).hold;
    expect([feed(0), feed(30)]).toEqual([undefined, 'temperature']);
    policy.reset();
    expect([feed(31), feed(60), feed(61)]).toEqual([undefined, undefined, 'temperature']);
  });
});

describe('the other limits', () => {
  it.each([
    ['power', { powerW: 200 }, { powerW: 206 }, false],
    ['power', { powerW: 200 }, { powerW: 206.1 }, true],
    ['power', { powerW: 200 }, { powerW: undefined }, false],
    ['stress', { stressHoursPerDay: 2 }, { stressHours: 1.999 }, false],
    ['stress', { stressHoursPerDay: 2 }, { stressHours: 2 }, true],
    ['stress', { stressHoursPerDay: 2 }, { stressHours: undefined }, false],
    ['stress', { stressHoursPerDay: null }, { stressHours: 9 }, false],
    ['price', { pricePerKwh: 0.3 }, {}, false],
    ['price', { pricePerKwh: 0.299 }, {}, true],
    ['price', { pricePerKwh: null }, {}, false],
    ['quiet', { quietHours: { fromMin: 720, toMin: 780 } }, { tsMs: at(12) }, true],
    ['quiet', { quietHours: { fromMin: 720, toMin: 780 } }, { tsMs: at(11, 59) }, false],
    ['quiet', { quietHours: { fromMin: 720, toMin: 780 } }, { tsMs: at(13) }, false],
  ] as const)('%s: %j with %j is exceeded: %s', (key, limits, situation, exceeded) => {
    const more = { pricePerKwh: 0.3 };
    const { passed, hold } = last(decide({ ...limits, mayHold: true }, [situation], more));
    expect(passed).toEqual(exceeded ? [key] : []);
    expect(hold).toBe(exceeded && key !== 'power' ? key : undefined);
  });

  it('a price that is unknown exceeds nothing', () => {
    expect(last(decide({ pricePerKwh: 0.1, mayHold: true }, [{}])).passed).toEqual([]);
  });

  it('a pause for another limit does not report the temperature', () => {
    const limits = { coreTempC: 80, stressHoursPerDay: 1, mayHold: true };
    const decisions = decide(
      limits,
      [0, 10, 20].map((seconds) => ({ ...s(seconds, 75), stressHours: 2 })),
    );
    expect(decisions.map(({ passed }) => passed)).toEqual([['stress'], ['stress'], ['stress']]);
  });

  it('the first exceeded limit names the pause', () => {
    const limits = { coreTempC: 80, stressHoursPerDay: 1, mayHold: true };
    const hot = { stressHours: 2, tempC: 90 };
    const decisions = decide(limits, [
      { ...hot, tMs: 0 },
      { ...hot, tMs: 30_000 },
    ]);
    expect(decisions.map(({ passed, hold }) => [passed, hold])).toEqual([
      [['stress'], 'stress'],
      [['temperature', 'stress'], 'temperature'],
    ]);
  });
});

describe('the power limit that the policy asks for', () => {
  const range = { minW: 100, ownW: 400 };
  const budget = (powerW: number | null, more: Limits = {}, limitRange: Situation['limitRange'] = range): Decision[] =>
    decide({ powerW, maySetLimit: true, ...more }, [{ limitRange }, { limitRange, tMs: 1000 }]);

  it.each([
    ['the budget', 250.4, 250],
    ['the lowest that the card accepts, if the budget is below it', 60, 100],
    ['none, if the budget is the card’s own limit', 400, undefined],
    ['none, if the budget is above it', 500, undefined],
    ['none without a budget', null, undefined],
  ])('is %s', (_, powerW, limitW) => {
    const [first, second] = budget(powerW);
    expect(first!.limitW).toBe(limitW);
    expect(first!.changed).toEqual(limitW === undefined ? undefined : { limitW, why: 'power' });
    expect([second!.limitW, second!.changed]).toEqual([limitW, undefined]); // a change is reported once
  });

  it.each([
    ['temperature', { tempC: undefined }],
    ['power', { powerW: undefined }],
  ])('is found without the moments in which the card does not report its %s', (_, absent) => {
    const hot = { tempC: 85, powerW: 380, limitRange: range };
    const seconds = Array.from({ length: 300 }, (__, i) => i);
    const decisions = (readings: (second: number) => Partial<Situation>) =>
      decide(
        { coreTempC: 70, maySetLimit: true },
        seconds.map((second) => ({ ...hot, tMs: second * 1000, ...readings(second) })),
      ).flatMap(({ changed }) => changed ?? []);
    const [whole, holed] = [decisions(() => ({})), decisions((second) => (second % 90 === 60 ? absent : {}))];
    expect(whole.length).toBeGreaterThan(2);
    expect(holed).toEqual(whole);
  });

  it('is the card’s own while the card does not report its limits, and no change of it is reported', () => {
    const decisions = decide({ powerW: 250, maySetLimit: true }, [
      { limitRange: range },
      { limitRange: undefined, tMs: 1000 },
      { limitRange: range, tMs: 2000 },
    ]);
    expect(decisions.map(({ limitW, changed }) => [limitW, changed?.limitW])).toEqual([
      [250, 250],
      [undefined, undefined],
      [250, 250],
    ]);
  });

  it('is none without permission, and on a card that does not report its limits', () => {
    expect(budget(200, { maySetLimit: false })[0]!.limitW).toBeUndefined();
    expect(decide({ powerW: 200, maySetLimit: true }, [{}])[0]!.limitW).toBeUndefined();
  });

  it('starts at the budget when a temperature is to be kept too', () => {
    expect(budget(250, { coreTempC: 80 })[0]).toMatchObject({ limitW: 250, changed: { limitW: 250, why: 'power' } });
    expect(budget(null, { coreTempC: 80 })[0]).toMatchObject({ limitW: undefined, changed: undefined });
  });

  it('is lowered on a card that is too hot, and forgotten at a reset', () => {
    const settings = settingsSchema.parse({ governor: { enabled: true, coreTempC: 70, maySetLimit: true } });
    const policy = createPolicy(settings.governor, tariffOf(settings, undefined));
    const feed = (seconds: number, readings: Partial<Situation> = {}) =>
      policy.decide({ ...quiet, tMs: seconds * 1000, tempC: 85, powerW: 380, limitRange: range, ...readings });
    const hot = feed(0);
    expect(hot.changed).toEqual({ limitW: expect.any(Number), why: 'too-hot' });
    expect(hot.limitW).toBeLessThan(400);
    expect(feed(1)).toMatchObject({ limitW: hot.limitW, changed: undefined });
    for (const absent of [{ tempC: undefined }, { powerW: undefined }])
      expect(feed(2, absent)).toMatchObject({ limitW: hot.limitW, changed: undefined });
    policy.reset();
    expect(feed(4)).toMatchObject({ limitW: hot.limitW, changed: hot.changed }); // from the card’s own limit again
  });
});
