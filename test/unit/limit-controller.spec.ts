import { describe, expect, it } from 'vitest';
import { createLimitController, type LimitChange } from '../../app/governor/limit-controller.ts';

const MINUTE = 60;

type Feed = { readonly tempC: number; readonly powerW?: number };
type Changed = LimitChange & { readonly s: number };

/** Feeds one reading per second and notes when the limit changes. */
function run(
  limits: Parameters<typeof createLimitController>[0],
  seconds: number,
  at: (s: number, limitW: number) => Feed,
) {
  const controller = createLimitController(limits);
  const changes: Changed[] = [];
  for (let s = 0; s <= seconds; s++) {
    const { tempC, powerW = controller.limitW() } = at(s, controller.limitW());
    const change = controller.feed({ tMs: s * 1000, tempC, powerW });
    if (change) changes.push({ ...change, s });
  }
  return { changes, controller };
}
const limits = { targetC: 70, minW: 100, maxW: 400 };

describe('the limit controller', () => {
  it.each([
    ['3 K above the target is not far above it', 73, []],
    ['more is corrected at once', 73.1, [{ s: 0, why: 'too-hot' }]],
  ])('%s', (_, tempC, changes) => {
    expect(run(limits, 60, () => ({ tempC })).changes).toMatchObject(changes);
  });

  it('lowers the limit by the excess over the first gain, at most a fifth of the card’s own limit', () => {
    expect(run(limits, 0, () => ({ tempC: 77 })).changes).toEqual([{ s: 0, limitW: 350, why: 'too-hot' }]); // 400 - 7 / 0.14
    expect(run(limits, 0, () => ({ tempC: 95 })).changes).toEqual([{ s: 0, limitW: 320, why: 'too-hot' }]);
  });

  it('starts from the power that the card draws, not from a limit it does not reach', () => {
    expect(run(limits, 0, () => ({ tempC: 77, powerW: 380 })).changes[0]!.limitW).toBe(330);
  });

  it('never goes below the lowest limit that the card accepts', () => {
    const { changes, controller } = run(limits, 30 * MINUTE, () => ({ tempC: 95 }));
    expect(controller.limitW()).toBe(100);
    expect(Math.min(...changes.map(({ limitW }) => limitW))).toBe(100);
  });

  it('waits 90 s between two emergency steps', () => {
    const { changes } = run(limits, 200, () => ({ tempC: 80 }));
    expect(changes.map(({ s }) => s)).toEqual([0, 91, 182]);
  });

  it.each([
    ['an error of 0.6 K is left alone', 70.6, []],
    ['a larger one is corrected once the card has had 8 minutes', 71, [{ s: 480, limitW: 393, why: 'settled-hot' }]],
    ['a card below the target gets its own limit back', 60, []],
  ])('%s', (_, tempC, changes) => {
    expect(run(limits, 10 * MINUTE, () => ({ tempC })).changes).toEqual(changes);
  });

  it('does not correct a temperature that still rises, until 45 minutes have passed', () => {
    const rising = (s: number) => ({ tempC: 64 + 0.0028 * s });
    const { changes } = run(limits, 46 * MINUTE, rising);
    expect(changes.map(({ why }) => why)).toEqual(['settled-hot']);
    expect(changes[0]!.s).toBe(45 * MINUTE);
    expect(run(limits, 46 * MINUTE, (s) => ({ tempC: 66 + 0.0025 * s })).changes[0]!.s).toBeLessThan(45 * MINUTE);
  });

  it('raises the limit in steps 0.7 times as large, and never above the card’s own', () => {
    // first far too hot, then 2 K too cool at the lowered limit
    const { changes } = run(limits, 40 * MINUTE, (s) => ({ tempC: s === 0 ? 95 : s < 60 ? 69 : 68 }));
    expect(changes[0]).toEqual({ s: 0, limitW: 320, why: 'too-hot' });
    const raise = changes.find(({ why }) => why === 'settled-cool')!;
    expect(raise.limitW).toBeGreaterThan(320);
    const all = run(limits, 3 * 60 * MINUTE, (s) => ({ tempC: s === 0 ? 95 : 50 }));
    expect(all.controller.limitW()).toBe(400);
  });

  it('does not raise a limit that the load does not reach', () => {
    const { changes } = run(limits, 60 * MINUTE, (s) => (s === 0 ? { tempC: 95 } : { tempC: 60, powerW: 200 }));
    expect(changes).toHaveLength(1);
  });

  it('changes nothing for 35 minutes once the card was at its target', () => {
    const late = (s: number) => ({ tempC: s < 10 * MINUTE ? 70 : 72 });
    const { changes } = run(limits, 60 * MINUTE, late);
    expect(changes[0]!.s).toBeGreaterThanOrEqual(35 * MINUTE);
  });

  it('learns the gain of the card from its own steps', () => {
    // a card of 0.3 K/W: 70 °C needs 300 W
    const { changes, controller } = run(limits, 5 * 60 * MINUTE, (_, limitW) => ({ tempC: 70 + 0.3 * (limitW - 300) }));
    expect(Math.abs(controller.limitW() - 300)).toBeLessThanOrEqual(2);
    expect(changes.length).toBeLessThan(8);
  });

  type Exact = readonly [s: number, limitW: number, why: LimitChange['why']];
  const then = (first: number, later: number) => (s: number) => ({ tempC: s === 0 ? first : later });
  const step = (until: number, before: number, after: number) => (s: number) => ({ tempC: s < until ? before : after });
  const cases: readonly (readonly [string, number, Parameters<typeof run>[2], readonly Exact[]])[] = [
    // 400 - 25 / 0.14 is more than a fifth below; gain: 0.3 × 0.14 + 0.7 × 23 / 80; 320 - 2 / 0.243
    [
      'learns from an emergency step',
      490,
      then(95, 72),
      [
        [0, 320, 'too-hot'],
        [481, 312, 'settled-hot'],
      ],
    ],
    // 0.3 × 0.14 + 0.7 × 59 / 80 is above the highest gain: 1 / 0.5 = 2 W
    [
      'makes a step of 2 W, with the highest gain',
      490,
      then(130, 71),
      [
        [0, 320, 'too-hot'],
        [481, 318, 'settled-hot'],
      ],
    ],
    // 0.7 × 2 / 0.278
    [
      'raises by 0.7 times the error',
      490,
      then(95, 68),
      [
        [0, 320, 'too-hot'],
        [481, 325, 'settled-cool'],
      ],
    ],
    // the raise to 325 W was too much: 3.05 / (1.5 × 0.278) below what is drawn
    [
      'takes a raise that overheats for a higher gain',
      610,
      (s) => ({ tempC: s === 0 || s >= 600 ? 95 : 68 }),
      [
        [0, 320, 'too-hot'],
        [481, 325, 'settled-cool'],
        [602, 318, 'too-hot'],
      ],
    ],
    // 10 / 0.14 below each time
    [
      'keeps its gain at an emergency step below another',
      190,
      () => ({ tempC: 80 }),
      [
        [0, 329, 'too-hot'],
        [91, 258, 'too-hot'],
        [182, 187, 'too-hot'],
      ],
    ],
    // 0.7 / 0.14 = 5 W; then 0.7 × 1 / 0.14
    [
      'learns nothing from a step of 5 W',
      970,
      step(481, 70.7, 69),
      [
        [480, 395, 'settled-hot'],
        [961, 400, 'settled-cool'],
      ],
    ],
    // 0.84 / 0.14 = 6 W; gain: 0.3 × 0.14 + 0.7 × 1.84 / 6; 0.7 × 1 / 0.257
    [
      'learns from a step of 6 W',
      970,
      step(481, 70.84, 69),
      [
        [480, 394, 'settled-hot'],
        [961, 397, 'settled-cool'],
      ],
    ],
    // 2 / 0.14 = 14 W; 1.3 / 0.14
    [
      'learns nothing from 0.7 K',
      970,
      step(481, 72, 71.3),
      [
        [480, 386, 'settled-hot'],
        [961, 377, 'settled-hot'],
      ],
    ],
    // 0.3 × 0.14 + 0.7 × 0.9 / 14; 1.1 / 0.087
    [
      'learns from 0.9 K',
      970,
      step(481, 72, 71.1),
      [
        [480, 386, 'settled-hot'],
        [961, 373, 'settled-hot'],
      ],
    ],
    // 3 / 0.14
    [
      'learns nothing from a card that got warmer at less power',
      970,
      step(481, 72, 73),
      [
        [480, 386, 'settled-hot'],
        [961, 365, 'settled-hot'],
      ],
    ],
    ['is not alarmed by one second', 200, (s) => ({ tempC: s === 100 ? 100 : 70 }), []],
    // 70 + 2 + 28 / 15 = 73.87: 3.87 / 0.14
    ['is alarmed by two', 200, (s) => ({ tempC: s === 100 || s === 101 ? 100 : 70 }), [[101, 372, 'too-hot']]],
    // the last 60 readings: 390 - 3.22 / 0.14
    [
      'takes what was drawn in the last minute',
      101,
      (s) => ({ tempC: s < 100 ? 70 : 95, powerW: s < 42 ? 350 : 390 }),
      [[101, 367, 'too-hot']],
    ],
    // 70.5 + 34.5 / 301 is more than 0.6 K too warm
    [
      'looks at five minutes, both ends included',
      480,
      (s) => ({ tempC: s === 180 ? 105 : 70.5 }),
      [[480, 396, 'settled-hot']],
    ],
    // a reading in the middle belongs to the second half: 0.3 + 28 / 151 is not steady, ten seconds later it is
    [
      'compares the first half of them with the second',
      490,
      (s) => ({ tempC: s === 330 ? 99 : s < 330 ? 71 : 71.3 }),
      [[490, 391, 'settled-hot']],
    ],
    // 1 / 0.14 below the limit that its highest power reached, or below that power
    ['takes the highest power', 480, (s) => ({ tempC: 71, powerW: s % 2 ? 200 : 400 }), [[480, 393, 'settled-hot']]],
    [
      'limits a load below 93 % of the limit from its own power',
      480,
      () => ({ tempC: 71, powerW: 372 }),
      [[480, 365, 'settled-hot']],
    ],
    [
      'limits a load above 93 % of the limit from the limit',
      480,
      () => ({ tempC: 71, powerW: 372.1 }),
      [[480, 393, 'settled-hot']],
    ],
  ];
  it.each(cases)('%s', (_, seconds, at, expected) => {
    expect(run(limits, seconds, at).changes.map(({ s, limitW, why }) => [s, limitW, why])).toEqual(expected);
  });

  it('counts its eight minutes from its first reading', () => {
    const controller = createLimitController(limits);
    let s = 1000;
    while (!controller.feed({ tMs: s * 1000, tempC: 71, powerW: 400 })) s++;
    expect(s).toBe(1480);
  });

  it('leaves an error of 0.6 K alone, exactly', () => {
    expect(run({ ...limits, targetC: 0.4 }, 490, () => ({ tempC: 1 })).changes).toEqual([]); // 1 - 0.4 is 0.6
  });

  it('takes halves that differ by 0.4 K for steady', () => {
    const controller = createLimitController({ ...limits, targetC: -1 });
    const changes: unknown[] = [];
    // the newest five readings have a mean of 2 / 5, the four before it 0
    for (let i = 0; i <= 13; i++)
      changes.push(controller.feed({ tMs: i * 37_500, tempC: i === 10 || i === 12 ? 1 : 0, powerW: 400 }));
    expect(changes.map((change) => change !== undefined).indexOf(true)).toBe(13);
  });

  it('starts with a short wait after a reset', () => {
    const { controller } = run(limits, 600, () => ({ tempC: 70 })); // settled: the next change would be 35 minutes away
    controller.reset();
    let s = 601;
    while (!controller.feed({ tMs: s * 1000, tempC: 72, powerW: 400 })) s++;
    expect(s).toBe(601 + 270); // until five minutes are nearly full
  });

  it('has the card’s own limit after a reset, and may act at once', () => {
    const { controller } = run(limits, 30, () => ({ tempC: 95 }));
    expect(controller.limitW()).toBe(320);
    controller.reset();
    expect(controller.limitW()).toBe(400);
    expect(controller.feed({ tMs: 31_000, tempC: 95, powerW: 400 })).toEqual({ limitW: 320, why: 'too-hot' });
  });
});
