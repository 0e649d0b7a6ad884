import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { previewRule } from '../../app/alerts/preview.ts';
import type { AlertRuleId } from '../../app/alerts/rules.ts';
import type { AlertSettings } from '../../app/alerts/settings.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { withinHours } from '../../app/workload/energy/tariff.ts';
import { alertSettingsWith } from '../support/alert-world.ts';
import { monthGpu, playMonth, type Readings } from '../support/alert-month.ts';

// Laws of alerts, through the real pipeline into a real history: whatever cards, clocks, people and restarts do.
const START = Date.UTC(2026, 2, 1, 12);
const DAY = 86_400_000;
const INTERVAL_MS = 5000;
const CARDS = [0, 1] as const;
const LIMITS = { tempSlowdownC: 90, tempMaxC: 88 };

/** A stretch of time, and what happens before it. */
const before = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'nothing' } as const) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.integer({ min: 11_000, max: 5_000_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), ms: fc.integer({ min: 1000, max: 5_000_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: 11_000, max: 5_000_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('nudge' as const), ms: fc.integer({ min: 1, max: 9000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('acknowledge' as const, 'snooze' as const), ms: fc.nat(600_000) }),
  },
);
const card = fc.record({
  temp: fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(60, 82, 83, 84, 85, 86, 87, 88, 89, 90, 95) },
    {
      weight: 3,
      arbitrary: fc.constantFrom('lost' as const, 'stalled' as const, 'unread' as const, 'asleep' as const),
    },
  ),
  mask: fc.constantFrom(0, 0x20, 0x40, 0x80),
  fan: fc.constantFrom(0, 40),
  xid: fc.constantFrom(0, 0, 0, 13, 48),
});
const stretch = fc.record({ before, cards: fc.tuple(card, card), ticks: fc.integer({ min: 1, max: 90 }) });
type Stretch = Parameters<
  Parameters<typeof fc.property<[typeof stretch extends fc.Arbitrary<infer T> ? T : never]>>[1]
>[0];

const readingsOf = ({ temp, mask, fan }: Stretch['cards'][number], slow: boolean): Readings => {
  if (temp === 'unread') return {};
  if (typeof temp !== 'number') return { coreTempC: temp, throttleReasons: temp };
  return { coreTempC: temp, throttleReasons: mask, fanPct: fan, ...(slow && LIMITS) };
};

type Seen = { readonly monoMs: number; readonly tempC: number };

/** Plays stretches; calls `onTick` with what was heard, and what each card has given since the last interruption. */
function play(
  stretches: readonly Stretch[],
  settings: AlertSettings,
  onTick: (
    month: ReturnType<typeof playMonth>,
    heard: ReturnType<ReturnType<typeof playMonth>['tick']>,
    seen: readonly (readonly Seen[])[],
  ) => void = () => undefined,
) {
  const month = playMonth(START, settings, INTERVAL_MS);
  const seen: Seen[][] = CARDS.map(() => []);
  for (const { before: first, cards, ticks } of stretches) {
    if (first.kind === 'pause') month.pause(first.ms);
    if (first.kind === 'set') month.pause(first.ms, 'clock-step');
    if (first.kind === 'restart') month.restart(first.ms);
    if (first.kind === 'nudge') month.nudge(first.ms);
    const [open] = month.firing();
    if (open && first.kind === 'acknowledge') month.acknowledge({ gpuUuid: open.gpuUuid, rule: open.rule });
    if (open && first.kind === 'snooze') month.snooze({ gpuUuid: open.gpuUuid, rule: open.rule }, first.ms);
    for (let i = 0; i < ticks; i++) {
      const tsMs = month.now().tsMs + INTERVAL_MS;
      const events = cards.flatMap(({ xid }, at) =>
        xid > 0 && i === 2 ? [{ gpuUuid: monthGpu(at), tsMs, kind: 'xid', code: xid, witness: 'nvml' } as const] : [],
      );
      const heard = month.tick(
        cards.map((one) => readingsOf(one, i % 6 === 0)),
        events,
      );
      for (const at of CARDS) {
        const { temp } = cards[at];
        if (heard.dtMs === undefined || (typeof temp === 'string' && temp !== 'unread')) seen[at] = [];
        if (typeof temp === 'number') seen[at]!.push({ monoMs: month.now().monoMs, tempC: temp });
      }
      onTick(month, heard, seen);
    }
  }
  month.tidy();
  return month;
}

/** How long a card has been so, up to its newest reading, without interruption; −1: it is not so. */
function lastedMs(seen: readonly Seen[], holds: (tempC: number) => boolean): number {
  const since = seen.slice(seen.findLastIndex(({ tempC }) => !holds(tempC)) + 1);
  return since.length === 0 ? -1 : since.at(-1)!.monoMs - since[0]!.monoMs;
}

const everything = { 'core-fixed': { on: true } } as const;
/** [limit, clears at, hold, clear] of the rules that watch the core */
const core: Partial<Record<AlertRuleId, readonly [number, number, number, number]>> = {
  'core-at-slowdown': [90, 87, 5000, 30_000],
  'core-near-slowdown': [88, 85, 30_000, 30_000],
  'core-fixed': [85, 82, 60_000, 60_000],
};

describe('whatever happens to cards, clocks, people and the recorder', () => {
  it('an alert never fires before its hold time, never clears above its clear level, and has one message', () => {
    const hour = new Date(START).getHours() * 60;
    const quietHours = { fromMin: hour + 20, toMin: hour + 60 };
    const isQuiet = (tsMs: number): boolean => withinHours(tsMs, quietHours.fromMin, quietHours.toMin);
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 25 }), (stretches) => {
        const told = new Map<number, number>();
        const known = new Set<number>();
        const cardOf = ({ gpuUuid }: StoredAlert): number => CARDS.findIndex((at) => monthGpu(at) === gpuUuid);
        const month = play(
          stretches,
          alertSettingsWith({}, { quietHours, rules: everything }),
          ({ now, firing, store }, heard, seen) => {
            const { tsMs } = now();
            for (const alert of heard.told) {
              told.set(alert.id, (told.get(alert.id) ?? 0) + 1);
              expect(alert.acknowledgedMs).toBeNull();
              expect(alert.snoozedUntilMs ?? 0).toBeLessThanOrEqual(tsMs);
              if (alert.severity === 'warn') expect(isQuiet(tsMs)).toBe(false);
            }
            // what may be said has been said
            for (const { toldMs, acknowledgedMs, snoozedUntilMs, severity } of firing())
              if (acknowledgedMs === null && !(snoozedUntilMs! > tsMs) && !(severity === 'warn' && isQuiet(tsMs)))
                expect(toldMs).not.toBeNull();
            for (const alert of store.alerts.open()) {
              if (known.has(alert.id)) continue;
              known.add(alert.id);
              const limits = core[alert.rule];
              if (!limits) continue;
              expect(alert.firedMs).toBe(tsMs);
              expect(lastedMs(seen[cardOf(alert)]!, (tempC) => tempC >= limits[0])).toBeGreaterThanOrEqual(limits[2]);
            }
            for (const alert of heard.cleared) {
              const limits = core[alert.rule];
              if (limits)
                expect(lastedMs(seen[cardOf(alert)]!, (tempC) => tempC <= limits[1])).toBeGreaterThanOrEqual(limits[3]);
            }
          },
        );
        expect(Math.max(0, ...told.values())).toBeLessThanOrEqual(1);
        const rows = month.store.alerts.newest(1000);
        for (const { id, toldMs } of rows) expect(toldMs !== null).toBe(told.has(id));
        const open = rows
          .filter(({ clearedMs }) => clearedMs === null)
          .map(({ gpuUuid, rule }) => `${gpuUuid} ${rule}`);
        expect(new Set(open).size).toBe(open.length);
        month.store.close();
      }),
      { numRuns: 25 },
    );
  }, 240_000);

  it('the preview of a month is what fired in it', async () => {
    const ids: readonly AlertRuleId[] = [
      'driver-silent',
      'gpu-lost',
      'gpu-stalled',
      'xid-critical',
      'core-at-slowdown',
      'core-near-slowdown',
      'core-fixed',
      'fans-off-hot',
      'hw-thermal',
      'sw-thermal',
      'power-brake',
    ];
    // some of each day is observed, the recorder runs or is off for the rest
    const day = fc.tuple(fc.array(stretch, { minLength: 1, maxLength: 3 }), fc.boolean());
    const days24 = fc.array(day, { minLength: 24, maxLength: 24 }); // with what is between, at most 30
    let fired = 0;
    await fc.assert(
      fc.asyncProperty(days24, async (days) => {
        const stretches = days.flatMap(([parts, off]): Stretch[] => {
          const ms = DAY - 3_600_000;
          return [...parts, { ...parts[0]!, ticks: 1, before: { kind: off ? 'restart' : 'pause', ms } }];
        });
        const month = play(stretches, alertSettingsWith({}, { rules: everything }));
        const { tsMs } = month.now();
        const rows = month.store.alerts.newest(10_000);
        const counts = (id: AlertRuleId) => rows.filter(({ rule }) => rule === id).length;
        const previews = await Promise.all(
          ids.map(async (id) => {
            const rule = month.rules.find((one) => one.id === id)!;
            return [id, (await previewRule(month.store, rule, month.rules, tsMs)).fired];
          }),
        );
        expect(previews).toEqual(ids.map((id) => [id, counts(id)]));
        fired += rows.length;
        month.store.close();
      }),
      { numRuns: 3, endOnFailure: true }, // shrinking months takes many minutes
    );
    expect(fired).toBeGreaterThan(20); // months in which nothing happens prove nothing
  }, 240_000);
});
