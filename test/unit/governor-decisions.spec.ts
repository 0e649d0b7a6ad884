import { describe, expect, it } from 'vitest';
import { settingsSchema, type Settings } from '../../app/settings/settings.ts';
import { tariffOf, type Tariff } from '../../app/workload/energy/tariff.ts';
import { CONFIRM_MS, createByHand } from '../../app/governor/by-hand.ts';
import { createPolicy, type Situation } from '../../app/governor/policy.ts';

type Limits = Partial<Settings['governor']>;
const settingsWith = (governor: Limits, more: Partial<Settings> = {}): Settings & Tariff =>
  tariffOf(settingsSchema.parse({ ...more, governor: { enabled: true, ...governor } }), undefined);
const situation = (more: Partial<Situation> = {}): Situation => ({
  tsMs: new Date(2026, 0, 12, 12).getTime(),
  tMs: 0,
  tempC: 60,
  powerW: 300,
  stressHours: 0,
  limitRange: { minW: 100, ownW: 400 },
  ...more,
});
const policyWith = (governor: Limits, more: Partial<Settings> = {}) => {
  const settings = settingsWith(governor, more);
  return createPolicy(settings.governor, settings);
};

describe('the governor’s policy', () => {
  it('only tells, where it may do nothing', () => {
    const policy = policyWith({ powerW: 200, pricePerKwh: 0.1 }, { pricePerKwh: 0.3 });
    expect(policy.decide(situation())).toEqual({
      passed: ['power', 'price'],
      hold: undefined,
      limitW: undefined,
      changed: undefined,
    });
  });

  it('holds work while electricity costs too much, and no longer', () => {
    const tariff = [{ days: 'all' as const, fromMin: 17 * 60, toMin: 20 * 60, pricePerKwh: 0.5 }];
    const policy = policyWith({ pricePerKwh: 0.3, mayHold: true }, { tariff, pricePerKwh: 0.2 });
    const at = (hour: number) => policy.decide(situation({ tsMs: new Date(2026, 0, 12, hour).getTime() })).hold;
    expect([at(16), at(17), at(19), at(20)]).toEqual([undefined, 'price', 'price', undefined]);
  });

  it('prefers a steady cap to stop-and-go for temperature', () => {
    const policy = policyWith({ coreTempC: 60, mayHold: true, maySetLimit: true });
    let limitW: number | undefined;
    for (let s = 0; s < 300; s++) {
      const decision = policy.decide(situation({ tMs: s * 1000, tempC: 75 }));
      expect(decision.hold).toBeUndefined();
      limitW = decision.limitW ?? limitW;
    }
    expect(limitW).toBeLessThan(400);
  });

  it('holds for temperature only where no cap can be set, and not for a spike', () => {
    const policy = policyWith({ coreTempC: 60, mayHold: true });
    const at = (s: number, tempC: number) => policy.decide(situation({ tMs: s * 1000, tempC })).hold;
    expect([at(0, 75), at(5, 60), at(10, 75), at(39, 75)]).toEqual([undefined, undefined, undefined, undefined]);
    expect(at(41, 75)).toBe('temperature');
    expect(at(100, 40)).toBe('temperature'); // cool, but held for a moment only: cycling is wear too
    expect(at(400, 40)).toBeUndefined();
  });

  it('claims nothing of a card that tells nothing', () => {
    const policy = policyWith({ coreTempC: 60, powerW: 100, stressHoursPerDay: 1, mayHold: true, maySetLimit: true });
    const silent = { tempC: undefined, powerW: undefined, stressHours: undefined, limitRange: undefined };
    for (let s = 0; s < 100; s++) expect(policy.decide(situation({ tMs: s * 1000, ...silent })).passed).toEqual([]);
  });
});

describe('a cap set by hand', () => {
  const open = () => {
    const caps: (number | 'own')[] = [];
    let fire = (): void => undefined;
    const ok = async (): Promise<{ ok: true; value: undefined }> => ({ ok: true, value: undefined });
    const byHand = createByHand({
      setLimit: (_gpu, watts) => (caps.push(watts), ok()),
      restoreLimit: () => (caps.push('own'), ok()),
      wallMs: () => 1000,
      after: (ms, task) => {
        expect(ms).toBe(CONFIRM_MS);
        fire = task;
        return () => (fire = () => undefined);
      },
    });
    return { byHand, caps, fire: () => fire() };
  };

  it('reverts unless it is confirmed', async () => {
    const { byHand, caps, fire } = open();
    await byHand.try('GPU', 250);
    expect(byHand.pending()).toEqual([{ gpuUuid: 'GPU', limitW: 250, untilMs: 1000 + CONFIRM_MS }]);
    fire();
    expect(caps).toEqual([250, 'own']);
    expect(byHand.confirm('GPU')).toBe(false);
  });

  it('stays when confirmed; the next one falls back to it', async () => {
    const { byHand, caps, fire } = open();
    await byHand.try('GPU', 250);
    expect(byHand.confirm('GPU')).toBe(true);
    fire();
    await byHand.try('GPU', 200);
    fire();
    expect(caps).toEqual([250, 200, 250]);
    await byHand.release('GPU');
    expect(caps.at(-1)).toBe('own');
  });
});
