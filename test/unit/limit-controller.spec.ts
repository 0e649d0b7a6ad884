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
    expect(changes[0]!.s).toBeGreaterThanOrEqual(45 * MINUTE);
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

  it('has the card’s own limit after a reset, and may act at once', () => {
    const { controller } = run(limits, 30, () => ({ tempC: 95 }));
    expect(controller.limitW()).toBe(320);
    controller.reset();
    expect(controller.limitW()).toBe(400);
    expect(controller.feed({ tMs: 31_000, tempC: 95, powerW: 400 })).toEqual({ limitW: 320, why: 'too-hot' });
  });
});
