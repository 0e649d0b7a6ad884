import { alertChannelIds } from '../../app/alerts/channels/channels.ts';
import { describe, expect, it } from 'vitest';
import { createAlertEngine } from '../../app/alerts/engine.ts';
import { facts, subjectOf, type FactId, type Watched } from '../../app/alerts/facts.ts';
import { alertRuleIds, alertRules, covers, limitOf, type AlertRuleId } from '../../app/alerts/rules.ts';
import { alertSettings, ruleWith, rulesOn } from '../../app/alerts/settings.ts';
import {
  alertAdvice,
  alertSubject,
  alertTitle,
  alertValue,
  hasLevel,
  ruleText,
  watchedValue,
} from '../../app/alerts/text.ts';
import { createI18n } from '../../app/core/i18n.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { readSettings } from '../../app/settings/read-settings.ts';
import { ruleNamed, subjectWith } from '../support/alerts.ts';

const LIMITS = { tempMaxC: 88, tempSlowdownC: 90, memMaxTempC: 105 };
const MIN = 60;
const H = 3600;

describe('the rules', () => {
  it('have names that are not used twice, and cover only rules that come after them', () => {
    expect(new Set(alertRuleIds).size).toBe(alertRuleIds.length);
    for (const [i, { covers: covered = [] }] of alertRules.entries()) {
      if (covered === 'all') continue;
      for (const id of covered) expect(alertRuleIds.indexOf(id as AlertRuleId)).toBeGreaterThan(i);
    }
    expect(covers(ruleNamed('gpu-lost'), 'gpu-lost')).toBe(false);
  });

  it('watch every fact', () => {
    const watched = new Set<Watched>(alertRules.map(({ watches }) => watches));
    expect((Object.keys(facts) as FactId[]).filter((id) => !watched.has(id))).toEqual([]);
  });

  /**
   * Each rule at its boundary: [rule, limit, the value that fires, one that does not, the value that clears, one that does not,
   * seconds until it fires, seconds until it clears].
   */
  const table: readonly (readonly [AlertRuleId, number, number, number, number, number, number, number])[] = [
    ['driver-silent', 1, 1, 0, 0, 1, 15, 60],
    ['recording-paused', 1, 1, 0, 0, 1, 10, 10],
    ['disk-low', 500, 500, 501, 600, 599, 60, 60],
    ['clock-implausible', 1, 1, 0, 0, 1, MIN, 0],
    ['energy-today', 10, 10, 9.99, 9.89, 9.91, 0, 0],
    ['cost-today', 3, 3, 2.99, 2.98, 2.995, 0, 0],
    ['gpu-lost', 1, 1, 0, 0, 1, 10, 60],
    ['gpu-stalled', 1, 1, 0, 0, 1, 30, 60],
    ['xid-critical', 1, 48, 0, 0, 79, 5, 0],
    ['ecc-uncorrected', 1, 1, 0, 0, 1, 0, 60],
    ['remap-failed', 1, 1, 0, 0, 1, 0, 60],
    ['remap-pending', 1, 1, 0, 0, 1, 0, 60],
    ['pages-retired', 60, 60, 59, 59, 60, 0, 60],
    ['pages-pending', 1, 1, 0, 0, 1, 0, 60],
    ['core-at-slowdown', 90, 90, 89.9, 87, 87.1, 5, 30],
    ['core-near-slowdown', 88, 88, 87.9, 85, 85.1, 30, 30],
    ['core-fixed', 85, 85, 84.9, 82, 82.1, 60, 60],
    ['memory-at-limit', 105, 105, 104.9, 102, 102.1, 30, 60],
    ['fans-off-hot', 75, 75, 74.9, 70, 70.1, 60, 60],
    ['hw-thermal', 5, 5, 4.9, 1, 1.1, 0, 5 * MIN],
    ['sw-thermal', 30, 30, 29.9, 10, 10.1, 0, 5 * MIN],
    ['power-brake', 1, 1, 0.99, 0.1, 0.11, 0, 5 * MIN],
    ['above-usual', 5, 5, 4.9, 2, 2.1, 10 * MIN, 10 * MIN],
    ['cooling-worse', 3, 3, 2.9, 2, 2.1, 0, 0],
    ['idle-model', 30, 30, 29.9, 25, 25.1, 2 * H, 60],
  ];
  it('are all in the table below', () => expect(table.map(([id]) => id)).toEqual(alertRuleIds));

  it.each(table)('%s fires and clears at its limits', (id, limit, fires, not, clears, holds, holdS, clearS) => {
    const rule = ruleNamed(id);
    const machine = subjectOf(rule.watches) === 'machine' ? null : 'GPU-1';
    expect(limitOf(rule, (key) => LIMITS[key as keyof typeof LIMITS])).toBe(limit);
    /** [second, kind] of what happens if one value is held, then another. */
    function play(first: number, second: number) {
      const engine = createAlertEngine([rule]);
      const seconds = Math.max(holdS, clearS) + 2;
      return Array.from({ length: 2 * seconds }, (_, s) => s).flatMap((s) => {
        const value = s < seconds ? first : second;
        const subject = subjectWith({ [rule.watches]: value }, LIMITS, machine);
        return engine.judge([subject], s * 1000, false).map(({ kind }) => [kind, s < seconds ? s : s - seconds]);
      });
    }
    expect(play(fires, clears)).toEqual([
      ['fired', holdS],
      ['cleared', clearS],
    ]);
    expect(play(fires, holds)).toEqual([['fired', holdS]]);
    expect(play(not, clears)).toEqual([]);
  });

  it('are on, but for the ones that only their owner can judge', () => {
    const on = rulesOn({ rules: {} }).map(({ id }) => id);
    expect(alertRuleIds.filter((id) => !on.includes(id))).toEqual(['energy-today', 'cost-today', 'core-fixed']);
  });
});

describe('the limit of the first warning', () => {
  const limit = (tempMaxC: number | undefined, tempSlowdownC: number | undefined) =>
    limitOf(ruleNamed('core-near-slowdown'), (key) => ({ tempMaxC, tempSlowdownC })[key as string]);

  it('is the maximum operating temperature of a desktop card', () => expect(limit(93, 95)).toBe(93));
  it('is not that of a laptop part, which works above it every day', () => expect(limit(75, 102)).toBe(97));
  it('is taken from the slowdown limit where that is all there is', () => expect(limit(undefined, 92)).toBe(87));
  it('is not there when the card reports neither', () => expect(limit(undefined, undefined)).toBeUndefined());
});

describe('a rule that a person changed', () => {
  const parse = (rules: object) => readSettings(JSON.stringify({ alerts: { rules } }));

  it('keeps what was not changed, and takes the limit of the rule again for null', () => {
    const rule = ruleNamed('core-fixed');
    expect(ruleWith(rule, { rules: {} })).toMatchObject({ limit: 85, holdMs: 60_000, isOn: false });
    const change = (fields: object) => ruleWith(rule, { rules: { 'core-fixed': fields } });
    expect(change({ on: true, limit: 70 })).toMatchObject({ limit: 70, holdMs: 60_000, isOn: true });
    expect(change({ limit: null, holdS: 0 })).toMatchObject({ limit: 85, holdMs: 0, isOn: false });
    expect(change({ on: null, holdS: null })).toMatchObject({ holdMs: 60_000, isOn: false });
    expect(change({ holdS: 20 })).toMatchObject({ limit: 85, holdMs: 20_000, isOn: false });
    expect(ruleWith(ruleNamed('gpu-lost'), { rules: { 'gpu-lost': { on: false } } }).isOn).toBe(false);
  });

  it('is read from the file of settings; a field that does not fit is reported with its place, and the others count', () => {
    const { settings, problems } = parse({ 'core-fixed': { on: true, limit: 500 }, 'gpu-lost': { holdS: 20 } });
    expect(settings.alerts.rules).toEqual({ 'core-fixed': { on: true }, 'gpu-lost': { holdS: 20 } });
    expect(problems).toMatchObject([{ field: 'alerts.rules.core-fixed.limit', line: 1 }]);
    expect(parse({ 'gpu-lost': { limit: 1 } }).problems).toMatchObject([{ field: 'alerts.rules.gpu-lost.limit' }]);
    for (const { id, range } of alertRules) {
      if (!range) continue;
      const [least, most] = range;
      for (const limit of range) expect(parse({ [id]: { limit } }).problems).toEqual([]);
      for (const limit of [least / 2, most + 1]) expect(parse({ [id]: { limit } }).problems).toHaveLength(1);
    }
  });

  it('is shown on the desktop unless that is switched off', () => {
    expect(alertSettings.notifications.parse(undefined)).toBe(true);
  });

  it('is not there unless somebody changed it', () => {
    const { channels, ...others } = alertSettings.alerts.parse(undefined);
    expect(others).toEqual({ quietHours: null, pausedUntilMs: null, sender: '', rules: {} });
    expect(Object.keys(channels)).toEqual(alertChannelIds);
    expect(alertChannelIds.map((id) => channels[id].on)).toEqual(alertChannelIds.map(() => false));
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
    ['eccUncorrectedVolatile', 3, '3'],
    ['criticalXid', 79, 'Xid 79'],
    ['hwThermalMin', 5, '5 min'],
    ['swThermalMin', 30.000000001, '30 min'],
    ['swThermalMin', 29.94, '29.9 min'],
    ['powerBrakeMin', 1.25, '1.3 min'],
    ['coreTempFansOffC', 80, '80 °C'],
    ['aboveUsualK', 7, '7 K'],
    ['idleModelW', 54.6, '55 W'],
    ['energyTodayKwh', 10, '10.0 kWh'],
    ['costToday', 3, '€3.00'],
    ['diskFreeMib', 500, '500 MiB'],
    ['retiredPages', 61, '61'],
    ['gpuLost', 1, '1'],
  ] as const)('%s %d reads %s', (watched, value, text) => {
    expect(watchedValue(format, watched, value)).toBe(text);
  });

  it('has its limit in the unit of its rule, and in the unit that the user chose', () => {
    const alert = { rule: 'core-at-slowdown', threshold: 90, value: 91 } as const;
    expect(alertTitle(t, format, alert)).toBe('Core at its slowdown limit (90 °C)');
    expect(alertTitle(t, inF, alert)).toBe('Core at its slowdown limit (194 °F)');
    expect(alertValue(inF, alert, 95)).toBe('203 °F');
  });

  it('names the error that the driver reported', () => {
    expect(alertTitle(t, format, { rule: 'xid-critical', threshold: 1, value: 48 })).toBe(
      'Critical driver error Xid 48: Double-bit ECC error',
    );
  });

  it('names the card by its number too, so that eight equal cards differ, or the computer', () => {
    const card = { gpuUuid: 'GPU-1', gpuName: 'RTX 3090', gpuIndex: 5 } as Parameters<typeof alertSubject>[1];
    expect(alertSubject(t, card)).toBe('RTX 3090 (GPU 5)');
    expect(alertSubject(t, { ...card, gpuIndex: null })).toBe('RTX 3090');
    expect(alertSubject(t, { ...card, gpuUuid: null })).toBe('This computer');
  });

  it.each(alertRules)('$id says what is wrong, what to do, and when it fires, with every figure in place', (rule) => {
    const title = alertTitle(t, format, { rule: rule.id, threshold: 42, value: rule.id === 'xid-critical' ? 48 : 43 });
    for (const text of [title, alertAdvice(t, { rule: rule.id }), ruleText(t, format, rule)])
      expect(text).toMatch(/^[A-Z0-9].*[^.{}]*$/);
    expect(title).not.toContain('{{');
    expect(ruleText(t, format, rule)).not.toContain('{{');
    if (typeof rule.limit === 'number' && rule.range)
      expect(ruleText(t, format, rule)).toContain(watchedValue(format, rule.watches, rule.limit));
    if (rule.holdMs >= 1000) expect(ruleText(t, format, rule)).toContain(format.duration(rule.holdMs));
  });

  it('says when a rule fires and clears; a difference of temperatures is not shifted', () => {
    const near = ruleNamed('core-near-slowdown');
    expect(ruleText(t, format, near)).toMatch(/for 30 s .* Clears after 30 s at 3 K or more below the limit\.$/);
    expect(ruleText(t, inF, near)).toMatch(/at 5(\.4)? °F or more below/);
    expect(ruleText(t, format, ruleNamed('disk-low'))).toMatch(/at 100 MiB or more above/);
    expect(ruleText(t, inF, ruleNamed('fans-off-hot'))).toMatch(/at 9 °F or more below/);
    expect(ruleText(t, format, ruleNamed('gpu-lost'))).not.toMatch(/Clears/);
    expect(ruleText(t, format, ruleNamed('cooling-worse'))).toMatch(/Clears at 1 K or more below the limit\.$/);
  });

  it('has a level only where a number says more than that it fires', () => {
    const levels = (
      ['gpuLost', 'criticalXid', 'remapFailure', 'coreTempC', 'eccUncorrectedVolatile', 'diskFreeMib'] as const
    ).map(hasLevel);
    expect(levels).toEqual([false, false, false, true, true, true]);
  });
});
