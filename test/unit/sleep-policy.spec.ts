import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSleepPolicy, type SleepSign, type SleepState } from '../../app/telemetry/sleep-policy.ts';

const GRACE_MS = 60_000;
const sign = (rest: Partial<SleepSign>): SleepSign => ({
  busId: 'a',
  asleep: false,
  managed: true,
  idle: true,
  ...rest,
});

/** A day of one GPU: signs, seconds apart. A GPU that is not read cannot say whether it is idle. */
const days = fc.array(
  fc.record({
    asleep: fc.boolean(),
    managed: fc.constantFrom(true, true, true, false),
    idle: fc.constantFrom(true, true, true, false, undefined),
    afterS: fc.integer({ min: 1, max: 120 }),
  }),
  { maxLength: 200 },
);
type Judged = SleepSign & { readonly atMs: number; readonly state: SleepState };
function live(day: readonly (Omit<SleepSign, 'busId'> & { afterS: number })[]): Judged[] {
  const policy = createSleepPolicy(GRACE_MS);
  let atMs = 0;
  let state: SleepState = 'awake';
  return day.map(({ afterS, ...rest }) => {
    atMs += afterS * 1000;
    const given = sign({ ...rest, idle: state === 'awake' ? rest.idle : undefined });
    state = policy.judge([given], atMs).get('a')!;
    return { ...given, atMs, state };
  });
}
const forAll = (law: (judged: readonly Judged[]) => void): void =>
  fc.assert(
    fc.property(days, (day) => law(live(day))),
    { numRuns: 2000 },
  );

describe('the sleep of GPUs', () => {
  it('is never disturbed: one that sleeps is not read', () => {
    forAll((judged) => {
      for (const { asleep, state } of judged) expect(state === 'asleep').toBe(asleep);
    });
  });

  it('is not sought for a GPU that the system does not power down', () => {
    forAll((judged) => {
      for (const { managed, state } of judged) if (!managed) expect(state).not.toBe('released');
    });
  });

  it('is allowed only after a whole minute in which no sign spoke of use', () => {
    forAll((judged) => {
      judged.forEach(({ state, atMs }, i) => {
        if (state !== 'released' || judged[i - 1]?.state === 'released') return;
        const minute = judged.slice(0, i + 1).filter((one) => one.atMs > atMs - GRACE_MS);
        expect(minute.some(({ idle, state: was }) => idle === false || was === 'asleep')).toBe(false);
      });
    });
  });

  it('does not flap: a GPU that stays up after its release is kept for ten minutes', () => {
    forAll((judged) => {
      let keptAtMs: number | undefined;
      judged.forEach(({ state, managed, asleep, atMs }, i) => {
        const before = judged[i - 1]?.state;
        if (state === 'released' && before !== 'released' && keptAtMs !== undefined) {
          expect(atMs - keptAtMs).toBeGreaterThanOrEqual(600_000);
        }
        if (before === 'released' && state === 'awake' && managed && !asleep) keptAtMs = atMs;
      });
    });
  });

  it('is waited for, and then given up, when nothing else falls asleep either', () => {
    const policy = createSleepPolicy(GRACE_MS);
    const states = Array.from({ length: 140 }, (_, i) => policy.judge([sign({})], i * 1000).get('a'));
    expect(states.indexOf('released')).toBe(60);
    expect(states.lastIndexOf('released')).toBe(89);
    expect(states.slice(90).every((state) => state === 'awake')).toBe(true);
  });

  it('is not sought while it is not known whether anything runs', () => {
    const policy = createSleepPolicy(GRACE_MS);
    for (let s = 0; s < 600; s += 5) expect(policy.judge([sign({ idle: undefined })], s * 1000).get('a')).toBe('awake');
  });

  it('of one GPU says nothing of another', () => {
    const policy = createSleepPolicy(GRACE_MS);
    const judge = (s: number) => policy.judge([sign({ busId: 'a' }), sign({ busId: 'b', idle: false })], s * 1000);
    for (let s = 0; s < 60; s += 5) judge(s);
    expect([...judge(60)]).toEqual([
      ['a', 'released'],
      ['b', 'awake'],
    ]);
  });
});
