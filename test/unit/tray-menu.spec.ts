import { describe, expect, it } from 'vitest';
import { createI18n } from '../../app/core/i18n.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { applyEntry } from '../../app/alerts/episode.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { cardLine, trayMenu, type MenuLine, type Shown } from '../../main/tray-menu.ts';
import { firedEntry } from '../support/alerts.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';

const { t } = createI18n('en');
const words = { t, format: createFormatter('en-GB', { temperatureUnit: 'C', currency: 'EUR' }) };
const NOW = Date.UTC(2026, 2, 1, 12);

type Readings = Parameters<typeof frameWith>[0];
const measured = (...cards: readonly (readonly [name: string, readings: Readings])[]) => {
  const tick = tickWith(
    NOW,
    1000,
    cards.map(([, readings]) => frameWith(readings)),
  );
  const gpus = tick.gpus.map((one, index) => ({ ...one, gpu: { ...testGpu(), index, name: cards[index]![0] } }));
  return { ...tick, source: { ...tick.source, kind: 'nvml' as const, simulated: false }, gpus };
};
const alertOf = (change: Partial<StoredAlert> = {}, rule: StoredAlert['rule'] = 'core-at-slowdown'): StoredAlert => ({
  ...applyEntry([], firedEntry(rule, NOW), 7)[0]!,
  ...change,
});
const menu = (shown: Partial<Shown> = {}): readonly MenuLine[] =>
  trayMenu({ tick: undefined, firing: [], alerts: { pausedUntilMs: null }, nowMs: NOW, ...shown }, words);
const labels = (lines: readonly MenuLine[]): readonly string[] =>
  lines.map((line) => (line === 'separator' ? '—' : `${line.label}${line.action ? '' : ' (no action)'}`));

describe('the line of a card', () => {
  it.each([
    [{ coreTempC: 71, powerW: 320 }, 'RTX 4090 · 71 °C · 320 W'],
    [{ coreTempC: 71, powerW: 'unsupported' }, 'RTX 4090 · 71 °C · power not supported by this card'],
    [{ coreTempC: 'unreported', powerW: 12 }, 'RTX 4090 · not reported by this source · 12 W'],
    [{ coreTempC: 'lost', powerW: 'lost' }, 'RTX 4090 · GPU lost'],
    [{ coreTempC: 'asleep', powerW: 'asleep' }, 'RTX 4090 · asleep'],
    [{ coreTempC: 'stalled', powerW: 'stalled' }, 'RTX 4090 · driver not responding'],
  ] as const)('with %j is %s', (readings, line) => {
    const { gpus } = measured(['RTX 4090', readings]);
    expect(cardLine(gpus[0]!, gpus, words)).toBe(line);
  });

  it('never shows 0 for a reading that is absent', () => {
    const { gpus } = measured(['RTX 4090', {}]);
    expect(cardLine(gpus[0]!, gpus, words)).not.toMatch(/\d (°C|W)/);
  });

  it('says which of several cards of one name it is', () => {
    const { gpus } = measured(['RTX 3090', { coreTempC: 50 }], ['RTX 4090', {}], ['RTX 3090', { coreTempC: 60 }]);
    expect(gpus.map((card) => cardLine(card, gpus, words).split(' · ')[0])).toEqual([
      'RTX 3090 (GPU 0)',
      'RTX 4090',
      'RTX 3090 (GPU 2)',
    ]);
  });

  it('is one line, whatever a card is called', () => {
    const { gpus } = measured(['Evil\nQuit\u202Ecard', { coreTempC: 50, powerW: 100 }]);
    expect(cardLine(gpus[0]!, gpus, words)).toBe('Evil Quit\uFFFDcard · 50 °C · 100 W');
  });
});

describe('the menu of the tray', () => {
  it('has the cards, no alerts, the pause, and the window', () => {
    const tick = measured(['RTX 4090', { coreTempC: 71, powerW: 320 }], ['RTX 3090', { coreTempC: 40, powerW: 30 }]);
    expect(labels(menu({ tick }))).toEqual([
      'RTX 4090 · 71 °C · 320 W',
      'RTX 3090 · 40 °C · 30 W',
      '—',
      'No active alerts.',
      '—',
      'Pause alerts for 1 hour',
      '—',
      'Open Slowburn',
      'Quit Slowburn',
    ]);
  });

  it('says that nothing is known while nothing is', () => {
    expect(labels(menu())[0]).toBe('No readings now (no action)');
  });

  it('says first that a card is simulated', () => {
    const tick = tickWith(NOW, 1000, [frameWith({ coreTempC: 50, powerW: 100 })]);
    const simulated = { ...tick, source: { ...tick.source, kind: 'simulator' as const } };
    expect(labels(menu({ tick: simulated }))[0]).toBe('Simulated GPU (no action)');
  });

  it('names what fires, unhandled alerts first, and leads to it', () => {
    const firing = [
      alertOf({ acknowledgedMs: NOW }),
      alertOf({}, 'core-near-slowdown'),
      alertOf({ snoozedUntilMs: NOW + 1000 }, 'gpu-lost'),
    ];
    const lines = menu({ firing });
    expect(labels(lines).slice(2, 5)).toEqual([
      '▲ Card (GPU 0): Core near its slowdown limit (90 °C or more)',
      '■ Card (GPU 0): Core at its slowdown limit (90 °C) (acknowledged)',
      '■ Card (GPU 0): GPU lost (snoozed)',
    ]);
    expect(lines[2]).toMatchObject({
      action: { kind: 'open', page: 'alerts', alert: { gpuUuid: 'GPU-1', rule: 'core-near-slowdown' } },
    });
  });

  it('names five alerts at most, and says how many more there are', () => {
    const firing = Array.from({ length: 7 }, (_, i) => alertOf({ gpuIndex: i }));
    const shown = labels(menu({ firing }));
    expect(shown.filter((label) => label.startsWith('■'))).toHaveLength(5);
    expect(shown).toContain('2 more alerts');
    expect(labels(menu({ firing: firing.slice(0, 6) }))).toContain('1 more alert');
    expect(labels(menu({ firing: firing.slice(0, 5) })).join()).not.toContain('more alert');
  });

  it('says until when alerts are paused, and offers to resume, until the pause is over', () => {
    const pausedUntilMs = NOW + 600_000;
    const pause = (nowMs: number) => labels(menu({ alerts: { pausedUntilMs }, nowMs })).slice(4, -3);
    expect(pause(NOW)).toEqual([
      `Alerts paused until ${words.format.time(pausedUntilMs)}, except critical (no action)`,
      'Resume alerts now',
    ]);
    expect(pause(pausedUntilMs)).toEqual(['Pause alerts for 1 hour']);
  });
});
