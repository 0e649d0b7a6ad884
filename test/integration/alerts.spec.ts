import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAlertDesk } from '../../app/alerts/desk.ts';
import { previewRule, PREVIEW_MS } from '../../app/alerts/preview.ts';
import { rulesOn, type AlertSettings } from '../../app/alerts/settings.ts';
import type { AlertRuleId } from '../../app/alerts/rules.ts';
import { createSlowFacts } from '../../app/alerts/slow-facts.ts';
import { createAlertWatch } from '../../app/alerts/watch.ts';
import type { Absence } from '../../app/core/reading.ts';
import type { MetricKey } from '../../app/metrics/metrics.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import { firedEntry, ruleNamed } from '../support/alerts.ts';
import { temporaryFolder } from '../support/folders.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';
import fs from 'node:fs';
import { defaultSettings } from '../../app/settings/settings.ts';

const START = Date.UTC(2026, 2, 1, 12);
const HOUR = 3_600_000;
const uuid = testGpu().uuid;
const settings: AlertSettings = defaultSettings.alerts;
const around = { machine: { recordingPaused: false, clockImplausible: false }, card: () => ({}) };
type Readings = Partial<Record<MetricKey, number | Absence>>;

describe('stored alerts', () => {
  it('of earlier schemas stay readable, and count as told', () => {
    const file = path.join(temporaryFolder(), 'history.db');
    fs.copyFileSync(path.resolve(import.meta.dirname, '../fixtures/history/v7.db'), file);
    const { store } = openStore(file);
    const alerts = store.alerts.newest(10);
    expect(alerts.map(({ rule }) => rule)).toEqual(['core-at-slowdown', 'core-near-slowdown', 'core-near-slowdown']);
    for (const alert of alerts)
      expect(alert).toMatchObject({
        toldMs: alert.firedMs,
        acknowledgedMs: null,
        snoozedUntilMs: null,
        gpuUuid: expect.any(String),
      });
    expect(alerts[1]).toMatchObject({ value: 91, threshold: 90, peak: 93, clearedMs: Date.UTC(2026, 2, 1, 10, 5) });
    expect(store.alerts.open().map(({ rule }) => rule)).toEqual(['core-near-slowdown', 'core-at-slowdown']);
  });

  it('keep what was done about them, of a card and of the machine alike', () => {
    const { store, file } = openStore();
    store.append(tickWith(START, undefined, [frameWith({ coreTempC: 50 })]));
    for (const gpuUuid of [uuid, null]) {
      const about = { gpuUuid, rule: 'gpu-lost', tsMs: START + 5000.4 } as const;
      store.alerts.record([
        firedEntry('gpu-lost', START, gpuUuid),
        { ...about, kind: 'told' },
        { ...about, kind: 'acknowledged', tsMs: START + 6000 },
        { ...about, kind: 'snoozed', untilMs: START + HOUR },
      ]);
    }
    store.alerts.record([{ kind: 'cleared', gpuUuid: null, rule: 'gpu-lost', tsMs: START + 9000, peak: 97 }]);
    store.close();
    const again = openStore(file).store;
    const handled = {
      toldMs: START + 5000,
      acknowledgedMs: START + 6000,
      snoozedUntilMs: START + HOUR,
      firedMs: START,
    };
    const [card, ...others] = again.alerts.open();
    expect(others).toEqual([]);
    expect(card).toMatchObject({
      ...handled,
      gpuUuid: uuid,
      gpuName: 'Test GPU 0',
      gpuIndex: 0,
      clearedMs: null,
      peak: 95,
    });
    const machine = again.alerts.newest(5).find(({ gpuUuid }) => gpuUuid === null);
    expect(machine).toMatchObject({ ...handled, gpuName: '', gpuIndex: null, clearedMs: START + 9000, peak: 97 });
  });

  it('are not written for a card that the history has never seen', () => {
    const { store } = openStore();
    expect(() => store.alerts.record([firedEntry('gpu-lost', START, 'GPU-unknown')])).toThrow(/never seen GPU-unknown/);
    expect(store.alerts.newest(5)).toEqual([]);
  });
});

describe('the desk', () => {
  /** Plays readings of one card, a second each, on a desk over a real file. */
  function openDesk(change: Partial<AlertSettings> = {}, opened = openStore()) {
    let second = 0;
    const { store } = opened;
    const begin = (at = START + second * 1000) => createAlertDesk(store.alerts, { ...settings, ...change }, at);
    let desk = begin();
    const tick = (readings: Readings): Tick => {
      const made = tickWith(START + second * 1000, second === 0 ? undefined : 1000, [frameWith(readings)]);
      second++;
      store.append(made);
      return made;
    };
    const play = (readings: Readings, seconds: number) =>
      Array.from({ length: seconds }, () => desk.judge(tick(readings), around, false, true)).flatMap((posted) =>
        posted
          ? [...posted.told.map(({ rule }) => `${rule} told`), ...posted.cleared.map(({ rule }) => `${rule} over`)]
          : [],
      );
    return {
      store,
      play,
      desk: () => desk,
      restart: () => void (desk = begin()),
      skip: (s: number) => void (second += s),
    };
  }
  const HOT = { coreTempC: 95, tempSlowdownC: 90, tempMaxC: 88 };
  const COOL = { coreTempC: 60, tempSlowdownC: 90, tempMaxC: 88 };

  it('sends one message per alert, across restarts, and says when it is over', () => {
    const { play, restart, store } = openDesk();
    expect(play(HOT, 10)).toEqual(['core-at-slowdown told']);
    restart();
    expect(play(HOT, 60)).toEqual([]);
    expect(play(COOL, 40)).toEqual(['core-at-slowdown over']);
    expect(store.alerts.newest(10)).toMatchObject([{ rule: 'core-at-slowdown', peak: 95, toldMs: START + 5000 }]);
  });

  it('keeps an acknowledgement across a restart, and knows no other alerts', () => {
    const { play, restart, desk, store } = openDesk();
    play(HOT, 10);
    const name = { gpuUuid: uuid, rule: 'core-at-slowdown' } as const;
    expect(desk().act({ ...name, gpuUuid: 'GPU-other', kind: 'acknowledged' }, START, true)).toBeUndefined();
    expect(desk().act({ ...name, kind: 'acknowledged' }, START + 20_000, true)).toMatchObject({
      told: [],
      cleared: [],
    });
    restart();
    expect(desk().firing()).toMatchObject([{ ...name, acknowledgedMs: START + 20_000 }]);
    expect(play(HOT, 10)).toEqual([]);
    expect(desk().act({ ...name, kind: 'snoozed', untilMs: START + HOUR }, START + 30_000, true)).toBeDefined();
    expect(store.alerts.open()).toMatchObject([{ snoozedUntilMs: START + HOUR }]);
  });

  it('lets a warning wait in quiet hours, and sends it afterwards if it is still there', () => {
    const minute = new Date(START).getHours() * 60;
    const { play, desk, restart } = openDesk({ quietHours: { fromMin: minute, toMin: minute + 2 } });
    const warm = { ...COOL, coreTempC: 88 };
    expect(play(warm, 60)).toEqual([]);
    expect(desk().firing()).toMatchObject([{ rule: 'core-near-slowdown', toldMs: null }]);
    restart();
    expect(play(warm, 59)).toEqual([]);
    expect(play(warm, 30)).toEqual(['core-near-slowdown told']);
  });

  it('lets a warning wait while alerts are paused, across a restart, and sends a critical alert at once', () => {
    const { play, restart } = openDesk({ pausedUntilMs: START + 120_000 });
    const warm = { ...COOL, coreTempC: 88 };
    expect(play(warm, 60)).toEqual([]);
    restart();
    expect(play(warm, 60)).toEqual([]);
    expect(play(warm, 2)).toEqual(['core-near-slowdown told']);
    const other = openDesk({ pausedUntilMs: START + HOUR });
    expect(other.play(HOT, 10)).toEqual(['core-at-slowdown told']);
  });

  it('sends nothing about a warning that began and ended while alerts were paused', () => {
    const { play, store } = openDesk({ pausedUntilMs: START + 120_000 });
    play({ ...COOL, coreTempC: 88 }, 60);
    expect(play(COOL, 100)).toEqual(['core-near-slowdown over']);
    expect(store.alerts.newest(5)).toMatchObject([{ rule: 'core-near-slowdown', toldMs: null }]);
  });

  it('follows changed settings: a rule that is switched off is over', () => {
    const { play, desk } = openDesk();
    play(HOT, 10);
    desk().applySettings({
      ...settings,
      rules: { 'core-at-slowdown': { on: false }, 'core-near-slowdown': { on: false } },
    });
    expect(play(HOT, 60)).toEqual(['core-at-slowdown over']);
    desk().applySettings({
      ...settings,
      rules: {
        'core-at-slowdown': { on: false },
        'core-near-slowdown': { on: false },
        'core-fixed': { on: true, limit: 94, holdS: 2 },
      },
    });
    expect(play(HOT, 10)).toEqual(['core-fixed told']);
  });
});

describe('a preview', () => {
  const level = fc.constantFrom(60, 84, 86, 88, 90, 92, 95);
  const part = fc.record({
    temp: fc.oneof(
      { weight: 8, arbitrary: level },
      fc.constantFrom('lost' as const, 'stalled' as const, 'unread' as const),
    ),
    mask: fc.constantFrom(0, 0x20, 0x40, 0x80),
    fan: fc.constantFrom(0, 40),
    seconds: fc.integer({ min: 1, max: 400 }),
    gap: fc.boolean(),
  });
  const month = fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 12 });
  const ids: readonly AlertRuleId[] = [
    'driver-silent',
    'core-near-slowdown',
    'core-at-slowdown',
    'core-fixed',
    'gpu-lost',
    'gpu-stalled',
    'hw-thermal',
    'sw-thermal',
    'power-brake',
    'fans-off-hot',
    'xid-critical',
  ];
  const everything = rulesOn({ rules: { 'core-fixed': { on: true } } });

  it('says how often a rule fired when the same month was played, for two cards', async () => {
    await fc.assert(
      fc.asyncProperty(month, fc.constantFrom(60_000, HOUR), async (parts, pauseMs) => {
        const { store } = openStore();
        const watch = createAlertWatch(everything);
        const fired = new Map<string, number>();
        let tsMs = START;
        for (const [a, b] of parts)
          for (let i = 0; i < Math.max(a.seconds, b.seconds); i += 5) {
            const gap = i === 0 && a.gap;
            tsMs += gap ? pauseMs : 5000;
            const frames = [a, b].map(({ temp, mask, fan }) =>
              frameWith(
                temp === 'unread'
                  ? {}
                  : {
                      coreTempC: temp,
                      throttleReasons: mask,
                      fanPct: fan,
                      ...(i % 30 === 0 && { tempSlowdownC: 90, tempMaxC: 88 }),
                    },
              ),
            );
            const events =
              i === 10 && b.gap ? [{ gpuUuid: uuid, tsMs, kind: 'xid', code: 48, witness: 'nvml' } as const] : [];
            const tick = { ...tickWith(tsMs, gap || tsMs === START + 5000 ? undefined : 5000, frames), events };
            const live: Tick = { ...tick, source: { kind: 'nvml', label: 'Test', simulated: false } };
            store.append(live);
            for (const { kind, rule } of watch.take(live, around))
              if (kind === 'fired') fired.set(rule, (fired.get(rule) ?? 0) + 1);
          }
        store.tidy(tsMs);
        for (const id of ids) {
          const rule = everything.find((one) => one.id === id)!;
          const preview = await previewRule(store, rule, everything, tsMs);
          if (preview.missing === null) expect([id, preview.fired]).toEqual([id, fired.get(id) ?? 0]);
          else expect(fired.get(id)).toBeUndefined();
        }
        store.close();
      }),
      { numRuns: 15 },
    );
  }, 120_000);

  it('says what is missing where it cannot tell', async () => {
    const { store } = openStore();
    const look = async (id: AlertRuleId) => (await previewRule(store, ruleNamed(id), [], START + 10_000)).missing;
    expect(await look('core-fixed')).toBe('nothing');
    for (const id of ['disk-low', 'energy-today', 'above-usual', 'idle-model'] as const)
      expect(await look(id)).toBe('notStored');
    for (let i = 0; i < 5; i++)
      store.append(tickWith(START + i * 1000, i === 0 ? undefined : 1000, [frameWith({ coreTempC: 99 })]));
    expect(await look('core-at-slowdown')).toBe('noLimit');
    const preview = await previewRule(store, { ...ruleNamed('core-fixed'), holdMs: 2000 }, [], START + 10_000);
    expect(preview).toEqual({
      fired: 1,
      fromMs: START + 10_000 - PREVIEW_MS,
      toMs: START + 10_000,
      observedMs: 4000,
      missing: null,
    });
  });

  it('counts as observed only the time in which a card gave what the rule watches', async () => {
    const { store } = openStore();
    const look = (id: AlertRuleId) => previewRule(store, ruleNamed(id), [], START + 60_000);
    const frames = [60, 60, 60, 'lost', 'lost', 60, 60] as const;
    frames.forEach((coreTempC, i) =>
      store.append(tickWith(START + i * 1000, i === 0 ? undefined : 1000, [frameWith({ coreTempC })])),
    );
    expect(await look('core-fixed')).toMatchObject({ fired: 0, observedMs: 3000, missing: null });
    expect((await look('ecc-uncorrected')).missing).toBe('nothing'); // never reported: that is not "would never have fired"
  });

  it('holds a reading of the slow cadence until it is read again', async () => {
    const { store } = openStore();
    for (let i = 0; i < 5; i++) {
      const read = i === 0 ? { eccUncorrectedVolatile: 0 } : {};
      store.append(tickWith(START + i * 1000, i === 0 ? undefined : 1000, [frameWith({ coreTempC: 60, ...read })]));
    }
    expect(await previewRule(store, ruleNamed('ecc-uncorrected'), [], START + 60_000)).toMatchObject({
      fired: 0,
      observedMs: 4000,
      missing: null,
    });
  });
});

describe('facts that take an hour’s work', () => {
  const noTariff = { pricePerKwh: null, tariff: [], market: undefined };
  const open = (tariff: object = noTariff) => {
    const { store } = openStore();
    const slow = createSlowFacts({
      history: store,
      windowsOf: () => ({ windows: [] }),
      tariff: () => tariff as typeof noTariff,
    });
    return { store, slow };
  };
  const DAY = 24 * HOUR;
  const midnight = new Date(START).setHours(0, 0, 0, 0);

  it('know how hot a card usually is at a power, from its own history but for the last day', () => {
    const { store, slow } = open();
    for (let day = 0; day < 9; day++)
      for (let i = 0; i < 20; i++) {
        const newest = day === 8;
        const readings = { powerW: 300, coreTempC: newest ? 90 : 70 };
        store.append(tickWith(START + day * DAY + i * 60_000, i === 0 ? undefined : 60_000, [frameWith(readings)]));
      }
    const nowMs = START + 8 * DAY + HOUR;
    while (store.tidy(nowMs));
    expect(slow.card(uuid)).toEqual({});
    expect(slow.step(nowMs, false)).toBe(true);
    expect(slow.card(uuid).usual!(300)).toBe(70);
    expect(slow.card(uuid).usual!(100)).toBeUndefined();
    expect(slow.card(uuid).coolingWorseK).toBeUndefined();
    expect(slow.step(nowMs + DAY - 1, false)).toBe(false);
    expect(slow.step(nowMs + DAY, false)).toBe(true);
  });

  it('add up the energy and cost of the day, from midnight on, every five minutes and only if wanted', () => {
    const { store, slow } = open({ ...noTariff, pricePerKwh: 0.5 });
    const hourAt = (fromMs: number) => {
      for (let i = 0; i <= 60; i++)
        store.append(
          tickWith(fromMs + i * 60_000, i === 0 ? undefined : 60_000, [
            frameWith({ powerW: 1000 }),
            frameWith({ powerW: 500 }),
          ]),
        );
    };
    hourAt(midnight - 2 * HOUR);
    hourAt(midnight + HOUR);
    const nowMs = midnight + 2 * HOUR + 60_000;
    while (slow.step(nowMs, false));
    expect(slow.today()).toEqual({});
    expect(slow.step(nowMs, true)).toBe(true);
    expect(slow.today().energyTodayKwh).toBeCloseTo(1.5, 2);
    expect(slow.today().costToday).toBeCloseTo(0.75, 2);
    expect(slow.step(nowMs + 299_999, true)).toBe(false);
    hourAt(midnight + 3 * HOUR);
    expect(slow.step(midnight + 4 * HOUR + 60_000, true)).toBe(true);
    expect(slow.today().energyTodayKwh).toBeCloseTo(3, 1);
    for (let i = 0; i < 3; i++) slow.step(midnight + DAY + 1000, true);
    expect(slow.today().energyTodayKwh).toBe(0);
  });

  it('say no cost where no price is set', () => {
    const { store, slow } = open();
    store.append(tickWith(START, undefined, [frameWith({ powerW: 100 })]));
    for (let i = 0; i < 3; i++) slow.step(START + 1000, true);
    expect(slow.today()).toEqual({ energyTodayKwh: 0 });
  });
});
