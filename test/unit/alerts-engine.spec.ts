import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAlertEngine, type AlertEngine } from '../../app/alerts/engine.ts';
import { DOES_NOT_APPLY, type Seen } from '../../app/alerts/facts.ts';
import type { AlertRule } from '../../app/alerts/rules.ts';
import { ruleNamed, rulesNamed, subjectWith } from '../support/alerts.ts';

const rule: AlertRule = {
  id: 'core-near-slowdown',
  severity: 'warn',
  watches: 'coreTempC',
  condition: 'at-least',
  limit: (limits) => limits('tempMaxC'),
  holdMs: 10_000,
  hysteresis: 3,
  clearMs: 20_000,
};

type Second = Seen | 'absent' | 'gap';
const MAX = { tempMaxC: 90 };

/** Feeds one temperature a second; answers "second kind" for each change. */
function play(seconds: readonly Second[], engine = createAlertEngine([rule]), limits: object = MAX, fromS = 0) {
  return seconds.flatMap((value, i) => {
    const coreTempC = value === 'absent' || value === 'gap' ? undefined : value;
    const second = fromS + i;
    const subject = subjectWith({ coreTempC }, limits);
    return engine.judge([subject], second * 1000, value === 'gap').map(({ kind }) => `${second} ${kind}`);
  });
}
const hold = <T>(value: T, seconds: number): T[] => Array.from({ length: seconds }, () => value);

describe('an alert', () => {
  it('fires when the limit is held, not when it is touched', () => {
    expect(play([...hold(95, 10), 80])).toEqual([]);
    expect(play(hold(90, 11))).toEqual(['10 fired']);
    expect(play(hold(89.9, 30))).toEqual([]);
    expect(play([...hold(95, 9), 89, ...hold(95, 10)])).toEqual([]);
  });

  it('keeps firing while the temperature hovers at the limit', () => {
    const hovering = Array.from({ length: 300 }, (_, i) => 88 + (i % 3));
    expect(play([...hold(91, 11), ...hovering])).toEqual(['10 fired']);
  });

  it('clears when it has stayed well below the limit', () => {
    expect(play([...hold(91, 11), ...hold(87, 21)])).toEqual(['10 fired', '31 cleared']);
    expect(play([...hold(91, 11), ...hold(87.1, 60)])).toEqual(['10 fired']);
    expect(play([...hold(91, 11), ...hold(87, 15), 88, ...hold(87, 15)])).toEqual(['10 fired']);
  });

  it('does not fire on a card that does not report the limit', () => {
    expect(play(hold(120, 100), undefined, {})).toEqual([]);
  });

  it('starts again after a gap or an absent value, and keeps firing through either', () => {
    for (const nothing of ['gap', 'absent'] as const) {
      expect(play([...hold(91, 9), nothing, ...hold(91, 9)])).toEqual([]);
      expect(play([...hold(91, 11), nothing, ...hold(91, 20)])).toEqual(['10 fired']);
      expect(play([...hold(91, 11), ...hold(nothing, 90)])).toEqual(['10 fired']);
      expect(play([...hold(91, 11), ...hold(80, 15), nothing, ...hold(80, 15)])).toEqual(['10 fired']);
    }
  });

  it('that came to nothing, or was interrupted, leaves a rule that fires and clears as before', () => {
    expect(play([...hold(95, 9), 89, ...hold(95, 11)])).toEqual(['20 fired']);
    for (const nothing of ['gap', 'absent'] as const) {
      expect(play([...hold(91, 9), nothing, ...hold(91, 11)])).toEqual(['20 fired']);
      expect(play([...hold(91, 11), ...hold(80, 15), nothing, ...hold(80, 22)])).toEqual(['10 fired', '47 cleared']);
    }
  });

  it('keeps its peak while nothing can be compared: without a value, or without a limit', () => {
    const peakAfter = (value: number | undefined, limits: object) => {
      const engine = createAlertEngine([rule]);
      engine.resume('GPU-1', rule.id, 95);
      engine.judge([subjectWith({ coreTempC: value }, limits)], 0, false);
      const cleared = hold(80, 30).flatMap((coreTempC, i) =>
        engine.judge([subjectWith({ coreTempC }, MAX)], (i + 1) * 1000, false),
      );
      return cleared.map(({ peak }) => peak);
    };
    expect(peakAfter(undefined, MAX)).toEqual([95]);
    expect(peakAfter(120, {})).toEqual([95]);
    expect(peakAfter(93, MAX)).toEqual([95]);
    expect(peakAfter(99, MAX)).toEqual([99]);
  });

  it('lasts across ticks on which a slow metric is not read', () => {
    const slow = (value: number, seconds: number) => [value, ...hold('unread' as const, seconds - 1)];
    expect(play([...slow(91, 10), ...slow(91, 10), ...slow(80, 20), 80])).toEqual(['10 fired', '40 cleared']);
  });

  it('ends at once with a value that cannot apply any more, if it need not wait', () => {
    const engine = createAlertEngine([{ ...rule, holdMs: 0, clearMs: 0 }]);
    expect(play([91, DOES_NOT_APPLY], engine)).toEqual(['0 fired', '1 cleared']);
  });

  it('keeps the value farthest beyond its limit, from the first second beyond it until it clears', () => {
    const peaks = (temps: readonly number[], engine = createAlertEngine([rule])) =>
      temps.flatMap((coreTempC, i) =>
        engine
          .judge([subjectWith({ coreTempC }, MAX)], i * 1000, false)
          .map(({ kind, peak, value, threshold }) => [kind, peak, value, threshold]),
      );
    expect(peaks([...hold(91, 3), 97, ...hold(91, 7), ...hold(87, 3), 99, ...hold(87, 21)])).toEqual([
      ['fired', 97, 91, 90],
      ['cleared', 99, 87, 90],
    ]);
    const once = (temp: number) => [...hold(temp, 11), ...hold(80, 121)];
    expect(peaks([...once(99), ...once(92)]).map(([, peak]) => peak)).toEqual([99, 99, 92, 92]);
  });

  it('can watch for values that are too low', () => {
    const low: AlertRule = { ...rule, watches: 'diskFreeMib', condition: 'at-most', limit: 20 };
    const engine = createAlertEngine([low]);
    const changes = [...hold(21, 30), ...hold(20, 11), 15, ...hold(22, 30), ...hold(23, 21)].flatMap((diskFreeMib, i) =>
      engine.judge([subjectWith({ diskFreeMib })], i * 1000, false).map(({ kind, peak }) => [kind, i, peak]),
    );
    expect(changes).toEqual([
      ['fired', 40, 20],
      ['cleared', 92, 15],
    ]);
  });

  it('of one GPU does not touch another', () => {
    const engine = createAlertEngine([rule]);
    const both = [subjectWith({ coreTempC: 95 }, MAX, 'hot'), subjectWith({ coreTempC: 60 }, MAX, 'cool')];
    const changes = hold(0, 12).flatMap((_, i) => engine.judge(both, i * 1000, false));
    expect(changes).toMatchObject([{ kind: 'fired', gpuUuid: 'hot', gpuName: 'Card' }]);
  });
});

describe('an alert that keeps coming back', () => {
  const flapping = { ...rule, holdMs: 0, clearMs: 60_000 };
  const up = [91];
  const down = (seconds: number) => hold(80, seconds);

  it('takes twice as long to clear each time, so that it becomes one episode', () => {
    const changes = play([...up, ...down(61), ...up, ...down(121), ...up, ...down(241)], createAlertEngine([flapping]));
    expect(changes).toEqual(['0 fired', '61 cleared', '62 fired', '183 cleared', '184 fired', '425 cleared']);
    expect(play([...up, ...down(61), ...up, ...down(120)], createAlertEngine([flapping]))).toHaveLength(3);
  });

  it('waits half an hour at most, and forgets after an hour', () => {
    const engine = createAlertEngine([flapping]);
    for (const agoMs of [10, 20, 30, 40, 50, 60, 70]) engine.remember('GPU-1', rule.id, agoMs);
    expect(play([...up, ...down(1802)], engine)).toEqual(['0 fired', '1801 cleared']);
    expect(play([...up, ...down(61)], engine, MAX, 1802 + 3600)).toEqual(['5402 fired', '5463 cleared']);
  });

  it('is known by what fired before a restart, of the same rule and card only', () => {
    const other = createAlertEngine([flapping]);
    other.remember('GPU-2', rule.id, 1000);
    other.remember('GPU-1', 'gpu-lost', 1000);
    other.remember('GPU-1', rule.id, 3_600_000);
    expect(play([...up, ...down(61)], other)).toEqual(['0 fired', '61 cleared']);
  });

  it('waits a minute at least, also where a rule clears at once', () => {
    const engine = createAlertEngine([{ ...rule, holdMs: 0, clearMs: 0 }]);
    expect(play([91, 80, 91, ...down(121)], engine)).toEqual(['0 fired', '1 cleared', '2 fired', '123 cleared']);
    const slow = createAlertEngine([{ ...rule, holdMs: 0, clearMs: 2_400_000 }]);
    slow.remember('GPU-1', rule.id, 1000);
    expect(play([91, ...down(2401)], slow)).toEqual(['0 fired', '2401 cleared']);
  });
});

describe('a restart', () => {
  it('continues an alert without firing twice', () => {
    const engine = createAlertEngine([rule]);
    engine.resume('GPU-1', rule.id, 95);
    expect(play([...hold(91, 30), ...hold(80, 21)], engine)).toEqual(['50 cleared']);
  });

  it('does not clear what looks back before it could look back far enough', () => {
    const heat = ruleNamed('hw-thermal');
    const engine = createAlertEngine([heat]);
    engine.resume('GPU-1', heat.id, 7);
    const cleared = hold(0, 900).flatMap((hwThermalMin, i) =>
      engine.judge([subjectWith({ hwThermalMin })], i * 1000, false).map(({ peak }) => [i, peak]),
    );
    expect(cleared).toEqual([[600, 7]]);
  });
});

describe('a rule that is switched off', () => {
  it('ends its alert, and one that was only close to firing leaves no trace', () => {
    const engine = createAlertEngine([rule]);
    play(hold(95, 11), engine);
    engine.setRules([]);
    const [cleared, ...more] = engine.judge([subjectWith({ coreTempC: 95 }, MAX)], 12_000, false);
    expect([cleared, more]).toMatchObject([{ kind: 'cleared', gpuUuid: 'GPU-1', rule: { id: rule.id }, peak: 95 }, []]);
    engine.setRules([rule]);
    play(hold(95, 5), engine, MAX, 13);
    engine.setRules([]);
    expect(play([95], engine, MAX, 20)).toEqual([]);
  });

  it('judges by a changed limit from the next tick on', () => {
    const engine = createAlertEngine([rule]);
    expect(play(hold(85, 30), engine)).toEqual([]);
    engine.setRules([{ ...rule, limit: 80, holdMs: 2000 }]);
    expect(play(hold(85, 5), engine, MAX, 30)).toEqual(['32 fired']);
  });
});

describe('one cause', () => {
  const fire = (engine: AlertEngine, seconds: number, machine: object, card: object) =>
    hold(0, seconds).flatMap((_, i) =>
      engine
        .judge([subjectWith(machine, {}, null), subjectWith(card, { tempSlowdownC: 90 })], i * 1000, false)
        .filter(({ kind }) => kind === 'fired')
        .map(({ rule: { id } }) => `${i} ${id}`),
    );

  it('is one alert: a lost GPU covers its Xid, and everything else of it', () => {
    const engine = createAlertEngine(rulesNamed('gpu-lost', 'xid-critical', 'core-at-slowdown', 'ecc-uncorrected'));
    const card = { gpuLost: 1, criticalXid: 79, coreTempC: 95, eccUncorrectedVolatile: 3 };
    expect(fire(engine, 120, {}, card)).toEqual(['10 gpu-lost']);
  });

  it('covers nothing on another card', () => {
    const engine = createAlertEngine(rulesNamed('gpu-lost', 'xid-critical'));
    const subjects = [subjectWith({ gpuLost: 1 }, {}, 'A'), subjectWith({ gpuLost: 0, criticalXid: 48 }, {}, 'B')];
    const fired = hold(0, 20).flatMap((_, i) => engine.judge(subjects, i * 1000, false));
    expect(fired.map(({ gpuUuid, rule: { id } }) => [gpuUuid, id])).toEqual([
      ['B', 'xid-critical'],
      ['A', 'gpu-lost'],
    ]);
  });

  it('of the machine covers the cards: a silent driver is one alert', () => {
    const engine = createAlertEngine(rulesNamed('driver-silent', 'gpu-lost', 'gpu-stalled'));
    expect(fire(engine, 120, { driverSilent: 1 }, { gpuStalled: 1, gpuLost: 1 })).toEqual(['15 driver-silent']);
  });

  it('that is gone lets the others fire', () => {
    const engine = createAlertEngine(rulesNamed('core-near-slowdown', 'core-at-slowdown'));
    const limits = { tempSlowdownC: 95, tempMaxC: 92 };
    const ids = [...hold(96, 20), ...hold(92, 40)].flatMap((coreTempC, i) =>
      engine
        .judge([subjectWith({ coreTempC }, limits)], i * 1000, false)
        .map(({ kind, rule: { id } }) => [i, kind, id]),
    );
    expect(ids).toEqual([
      [5, 'fired', 'core-at-slowdown'],
      [50, 'cleared', 'core-at-slowdown'],
      [50, 'fired', 'core-near-slowdown'],
    ]);
  });
});

describe('whatever comes: gaps, restarts, unread and absent values', () => {
  type Step = { readonly value: Second | 'restart'; readonly ms: number };
  const step = fc.record({
    value: fc.oneof(
      { weight: 10, arbitrary: fc.integer({ min: 84, max: 93 }) },
      { weight: 2, arbitrary: fc.constant('unread' as const) },
      { weight: 1, arbitrary: fc.constantFrom('absent' as const, 'gap' as const, 'restart' as const) },
    ),
    ms: fc.integer({ min: 100, max: 9_000 }),
  });
  const steps = fc
    .array(fc.tuple(step, fc.integer({ min: 1, max: 30 })), { maxLength: 30 })
    .map((runs) => runs.flatMap(([one, times]) => hold(one, times)));

  /** What is known of a moment since the last one that interrupts: the values and when. */
  function run(list: readonly Step[]) {
    let engine = createAlertEngine([rule]);
    let [axisMs, open] = [0, false];
    let since: { readonly atMs: number; readonly value: number }[] = [];
    const changes: { kind: string; axisMs: number; since: typeof since }[] = [];
    const moments: { open: boolean; fires: number; since: typeof since }[] = [];
    let fires = 0;
    for (const { value, ms } of list) {
      axisMs += ms;
      if (value === 'restart') {
        engine = createAlertEngine([rule]);
        if (open) engine.resume('GPU-1', rule.id, 91);
        [axisMs, since, fires] = [0, [], 0];
        continue;
      }
      if (value === 'gap' || value === 'absent') since = [];
      const seen = value === 'gap' || value === 'absent' ? undefined : value;
      if (typeof seen === 'number') since = [...since, { atMs: axisMs, value: seen }];
      for (const { kind } of engine.judge([subjectWith({ coreTempC: seen }, MAX)], axisMs, value === 'gap')) {
        open = kind === 'fired';
        if (open) fires++;
        changes.push({ kind, axisMs, since });
      }
      moments.push({ open, fires, since });
    }
    return { changes, moments };
  }
  /** How long values have been so, up to now, without interruption. */
  const lasted = (since: readonly { atMs: number; value: number }[], holds: (value: number) => boolean): number => {
    const after = since.slice(since.findLastIndex(({ value }) => !holds(value)) + 1);
    return after.length === 0 ? -1 : since.at(-1)!.atMs - after[0]!.atMs;
  };

  it('never fires before its hold time, never clears above its clear level or before its clear time, one message per episode', () => {
    fc.assert(
      fc.property(steps, (list) => {
        run(list).changes.forEach(({ kind, since }, i) => {
          expect(kind).toBe(i % 2 === 0 ? 'fired' : 'cleared');
          if (kind === 'fired') expect(lasted(since, (value) => value >= 90)).toBeGreaterThanOrEqual(rule.holdMs);
          else expect(lasted(since, (value) => value <= 87)).toBeGreaterThanOrEqual(rule.clearMs);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('an alert that is due fires, and one whose value stays clear for long enough ends', () => {
    const mostClearMs = (fires: number): number => Math.min(60_000 * 2 ** Math.max(0, fires - 1), 1_800_000);
    fc.assert(
      fc.property(steps, (list) => {
        for (const { open, fires, since } of run(list).moments) {
          if (lasted(since, (value) => value >= 90) >= rule.holdMs) expect(open).toBe(true);
          if (lasted(since, (value) => value <= 87) >= mostClearMs(fires)) expect(open).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
