import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAlertEngine } from '../../app/alerts/engine.ts';
import { alertRules, type AlertRule, type AlertRuleId } from '../../app/alerts/rules.ts';
import { alertTitle, alertValue, ruleText, watchedValue } from '../../app/alerts/text.ts';
import { createAlertOutbox } from '../../app/alerts/outbox.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import type { AlertEntry } from '../../app/alerts/table.ts';
import { createI18n } from '../../app/core/i18n.ts';
import type { Absence } from '../../app/core/reading.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { frameWith } from '../support/frames.ts';

const rule: AlertRule = {
  id: 'core-near-slowdown',
  severity: 'warn',
  metric: 'coreTempC',
  condition: 'at-least',
  limit: (limits) => limits('tempMaxC'),
  holdMs: 10_000,
  hysteresis: 3,
  clearMs: 20_000,
};

/** Feeds one temperature a second; a word is an absent reading, 'gap' a gap. Returns "second kind" for each change. */
function play(
  temps: readonly (number | Absence | 'gap')[],
  limit: number | 'not reported' = 90,
  engine = createAlertEngine([rule]),
) {
  return temps.flatMap((temp, second) => {
    const frame = frameWith({
      ...(temp === 'gap' ? {} : { coreTempC: temp }),
      ...(limit === 'not reported' ? { tempMaxC: 'unsupported' } : second === 0 ? { tempMaxC: limit } : {}),
    });
    return engine.judge('GPU-1', frame, second * 1000, temp === 'gap').map(({ kind }) => `${second} ${kind}`);
  });
}

const hold = (temp: number, seconds: number): number[] => Array.from({ length: seconds }, () => temp);

describe('an alert', () => {
  it('fires when the limit is held, not when it is touched', () => {
    expect(play([...hold(95, 10), 80])).toEqual([]);
    expect(play(hold(90, 11))).toEqual(['10 fired']);
  });

  it('keeps firing while the temperature hovers at the limit', () => {
    const hovering = Array.from({ length: 300 }, (_, i) => 88 + (i % 3));
    expect(play([...hold(91, 11), ...hovering])).toEqual(['10 fired']);
  });

  it('clears when it has stayed well below the limit', () => {
    expect(play([...hold(91, 11), ...hold(87, 21)])).toEqual(['10 fired', '31 cleared']);
    expect(play([...hold(91, 11), ...hold(87, 15), 88, ...hold(87, 15)])).toEqual(['10 fired']);
  });

  it('does not fire on a card that does not report the limit', () => {
    expect(play(hold(120, 100), 'not reported')).toEqual([]);
  });

  it('starts again after a gap, and keeps firing through one', () => {
    expect(play([...hold(91, 9), 'gap', ...hold(91, 9)])).toEqual([]);
    expect(play([...hold(91, 11), 'gap', ...hold(91, 20)])).toEqual(['10 fired']);
  });

  it('does not clear because the reading went away', () => {
    expect(play([...hold(91, 11), ...Array.from({ length: 60 }, () => 'stalled' as const)])).toEqual(['10 fired']);
  });

  it('continues after a restart without firing twice', () => {
    const engine = createAlertEngine([rule]);
    engine.resume('GPU-1', rule.id, 95);
    expect(play([...hold(91, 30), ...hold(80, 21)], 90, engine)).toEqual(['50 cleared']);
  });

  it('keeps the highest value since the limit was reached', () => {
    const engine = createAlertEngine([rule]);
    const temps = [...hold(91, 11), 99, ...hold(80, 21)];
    const changes = temps.flatMap((temp, i) =>
      engine.judge('GPU-1', frameWith({ coreTempC: temp, tempMaxC: 90 }), i * 1000, false),
    );
    expect(changes.map(({ kind, peak }) => [kind, peak])).toEqual([
      ['fired', 91],
      ['cleared', 99],
    ]);
  });

  it('fires and clears in turn, whatever the temperatures', () => {
    const any = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 80, max: 95 }) },
      fc.constantFrom('gap' as const, 'stalled' as const),
    );
    const runs = fc.array(fc.tuple(any, fc.integer({ min: 1, max: 40 })), { maxLength: 30 });
    fc.assert(
      fc.property(runs, (list) => {
        const kinds = play(list.flatMap(([temp, seconds]) => Array.from({ length: seconds }, () => temp))).map(
          (text) => text.split(' ')[1],
        );
        kinds.forEach((kind, i) => expect(kind).toBe(i % 2 === 0 ? 'fired' : 'cleared'));
      }),
    );
  });

  it('of one GPU does not touch another', () => {
    const engine = createAlertEngine([rule]);
    for (let i = 0; i < 11; i++) {
      engine.judge('hot', frameWith({ coreTempC: 95, tempMaxC: 90 }), i * 1000, false);
      expect(engine.judge('cool', frameWith({ coreTempC: 60, tempMaxC: 90 }), i * 1000, false)).toEqual([]);
    }
  });
});

describe('the rules', () => {
  /** One second per step: how long each rule needs to fire and to clear. */
  function timesOf(id: AlertRuleId, hotC: number, coolC: number) {
    const engine = createAlertEngine(alertRules.filter((row) => row.id === id));
    const temps = [...hold(hotC, 60), ...hold(coolC, 60)];
    return temps.flatMap((coreTempC, second) =>
      engine
        .judge('GPU-1', frameWith({ coreTempC, tempMaxC: 88, tempSlowdownC: 90 }), second * 1000, false)
        .map(({ kind, peak }) => [kind, second < 60 ? second : second - 60, peak]),
    );
  }

  it.each([
    [
      'core-near-slowdown',
      88,
      85,
      [
        ['fired', 30, 88],
        ['cleared', 30, 88],
      ],
    ],
    ['core-near-slowdown', 88, 85.1, [['fired', 30, 88]]],
    ['core-near-slowdown', 87.9, 85, []],
    [
      'core-at-slowdown',
      90,
      87,
      [
        ['fired', 5, 90],
        ['cleared', 30, 90],
      ],
    ],
    ['core-at-slowdown', 90, 87.1, [['fired', 5, 90]]],
    ['core-at-slowdown', 89.9, 87, []],
  ] as const)('%s at %d °C, then at %d °C: %j', (id, hotC, coolC, changes) => {
    expect(timesOf(id, hotC, coolC)).toEqual(changes);
  });

  it('keep the peak that a card reaches before it fires and while it cools', () => {
    const engine = createAlertEngine([rule]);
    const peaks = [...hold(91, 3), 97, ...hold(91, 7), ...hold(87, 3), 99, ...hold(87, 21)].flatMap((coreTempC, i) =>
      engine.judge('GPU-1', frameWith({ coreTempC, tempMaxC: 90 }), i * 1000, false).map(({ peak }) => peak),
    );
    expect(peaks).toEqual([97, 99]);
  });

  it('a peak of an earlier alert is not carried into the next one', () => {
    const engine = createAlertEngine([rule]);
    const once = (temp: number) => [...hold(temp, 11), ...hold(80, 21)];
    const peaks = [...once(99), ...once(92)].flatMap((coreTempC, i) =>
      engine.judge('GPU-1', frameWith({ coreTempC, tempMaxC: 90 }), i * 1000, false).map(({ peak }) => peak),
    );
    expect(peaks).toEqual([99, 99, 92, 92]);
  });

  it('can watch for readings that are too low', () => {
    const low: AlertRule = { ...rule, metric: 'powerW', condition: 'at-most', limit: () => 20 };
    const engine = createAlertEngine([low]);
    const changes = [...hold(21, 30), ...hold(20, 11), 15, ...hold(22, 30), ...hold(23, 21)].flatMap((powerW, i) =>
      engine.judge('GPU-1', frameWith({ powerW }), i * 1000, false).map(({ kind, peak }) => [kind, i, peak]),
    );
    expect(changes).toEqual([
      ['fired', 40, 20],
      ['cleared', 92, 15],
    ]);
  });
});

describe('an alert in words', () => {
  const { t } = createI18n('en');
  const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
  const inF = createFormatter('en', { temperatureUnit: 'F', currency: 'EUR' });

  it.each([
    ['coreTempC', 93.4, '93 °C'],
    ['powerW', 310.2, '310 W'],
    ['vramUsedBytes', 22.5 * 2 ** 30, '22.5 GiB'],
    ['xid', 79, 'Xid 79'],
  ] as const)('%s %d reads %s', (watched, value, text) => {
    expect(watchedValue(format, watched, value)).toBe(text);
  });

  it('has its limit in the unit of its rule, and in the unit that the user chose', () => {
    const alert = { rule: 'core-at-slowdown', threshold: 90 } as const;
    expect(alertTitle(t, format, alert)).toBe('Core at its slowdown limit (90 °C)');
    expect(alertTitle(t, inF, alert)).toBe('Core at its slowdown limit (194 °F)');
    expect(alertValue(inF, alert, 95)).toBe('203 °F');
  });

  it('says when a rule fires and clears; a difference of temperatures is not shifted', () => {
    const [near] = alertRules;
    expect(ruleText(t, format, near)).toMatch(/for 30 s .* Clears after 30 s at 3 K or more below the limit\.$/);
    expect(ruleText(t, inF, near)).toMatch(/at 5(\.4)? °F or more below/);
    expect(ruleText(t, format, { ...near, metric: 'powerW', condition: 'at-most' })).toMatch(/at 3 W or more above/);
  });
});

describe('the limit of the first warning', () => {
  const near = alertRules.find(({ id }) => id === 'core-near-slowdown')!;
  const limit = (tempMaxC: number | undefined, tempSlowdownC: number | undefined) =>
    near.limit((key) => (key === 'tempMaxC' ? tempMaxC : key === 'tempSlowdownC' ? tempSlowdownC : undefined));

  it('is the maximum operating temperature of a desktop card', () => expect(limit(93, 95)).toBe(93));
  it('is not that of a laptop part, which works above it every day', () => expect(limit(75, 102)).toBe(97));
  it('is taken from the slowdown limit where that is all there is', () => expect(limit(undefined, 92)).toBe(87));
  it('is not there when the card reports neither', () => expect(limit(undefined, undefined)).toBeUndefined());
});

describe('an alert on its way to the disk', () => {
  const entry = (kind: 'fired' | 'cleared', tsMs: number, gpuUuid = 'GPU-1'): AlertEntry => ({
    tsMs,
    gpuName: 'Card',
    change: { kind, gpuUuid, rule, value: 95, threshold: 90, peak: 95 },
  });

  /** A table that can be made to fail. */
  function table() {
    const rows: { id: number; gpuUuid: string; clearedMs: number | null }[] = [];
    const disk = { full: false, order: [] as number[] };
    const outbox = createAlertOutbox({
      record(entries: readonly AlertEntry[]) {
        if (disk.full) throw new Error('full');
        for (const { tsMs, change } of entries) {
          disk.order.push(tsMs);
          if (change.kind === 'fired') rows.push({ id: rows.length + 1, gpuUuid: change.gpuUuid, clearedMs: null });
          else rows.find((row) => row.gpuUuid === change.gpuUuid && row.clearedMs === null)!.clearedMs = tsMs;
        }
      },
      open: () =>
        rows.filter(({ clearedMs }) => clearedMs === null).map((row) => ({ ...row, rule: rule.id }) as StoredAlert),
    });
    return { disk, outbox };
  }
  const ids = (alerts: readonly StoredAlert[]): number[] => alerts.map(({ id }) => id);

  it('is shown as it stands on disk', () => {
    const { outbox } = table();
    const posted = outbox.post([entry('fired', 1)], true)!;
    expect([ids(posted.firing), ids(posted.fired)]).toEqual([[1], [1]]);
    expect(outbox.post([], true)).toBeUndefined();
    expect(outbox.post([entry('cleared', 2)], true)).toEqual({ firing: [], fired: [] });
  });

  it('is shown all the same when the disk does not take it, and written in its order when it does', () => {
    const { disk, outbox } = table();
    disk.full = true;
    const posted = outbox.post([entry('fired', 1)], true)!;
    expect(posted.thrown).toBeInstanceOf(Error);
    expect(posted.fired).toMatchObject([{ gpuUuid: 'GPU-1', gpuName: 'Card', value: 95, threshold: 90, firedMs: 1 }]);
    expect(outbox.post([], false)).toBeUndefined();
    expect(outbox.post([entry('fired', 2, 'GPU-2'), entry('cleared', 2)], false)!.firing).toMatchObject([
      { gpuUuid: 'GPU-2' },
    ]);
    disk.full = false;
    const late = outbox.post([], true)!;
    expect([ids(late.firing), late.fired]).toEqual([[2], []]); // told of already
    expect(disk.order).toEqual([1, 2, 2]);
  });
});
