import { describe, expect, it, onTestFinished } from 'vitest';
import { openCollector } from '../../app/recorder/collector.node.ts';
import type { CollectorEvents } from '../../app/recorder/collector.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { alertAdvice, alertSubject, alertTitle } from '../../app/alerts/text.ts';
import { createI18n } from '../../app/core/i18n.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import type { AlertRuleId } from '../../app/alerts/rules.ts';
import type { AlertSettings } from '../../app/alerts/settings.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import type { Tick } from '../../app/telemetry/sampler.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';

// Every situation on the stand-in driver, through the whole recorder. Hold times are shortened, nothing else.
const { t } = createI18n('en');
const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
const holdS: Partial<Record<AlertRuleId, number>> = {
  'gpu-lost': 1,
  'driver-silent': 3,
  'gpu-stalled': 6,
  'xid-critical': 2,
};
const rules = Object.fromEntries(Object.entries(holdS).map(([id, seconds]) => [id, { holdS: seconds }]));

async function record(folder = temporaryFolder(), change: AlertSettings['rules'] = {}) {
  const heard = {
    ticks: [] as Tick[],
    told: [] as StoredAlert[],
    cleared: [] as StoredAlert[],
    firing: [] as readonly StoredAlert[],
  };
  const events: CollectorEvents = {
    onTick: (tick) => heard.ticks.push(tick),
    onAlerts(firing, told, cleared) {
      heard.firing = firing;
      heard.told.push(...told);
      heard.cleared.push(...cleared);
    },
    onSessions: () => undefined,
  };
  const settings = {
    ...defaultSettings,
    intervalMs: 200,
    alerts: { ...defaultSettings.alerts, rules: { ...rules, ...change } },
  };
  const source = { kind: 'nvml', library: compileMock() } as const;
  const started = { restarted: false, startedBy: 'monitor' } as const;
  const config = { source, speed: 1, dataFolder: folder, settings, suspended: [], ...started };
  const opened = await openCollector(config, events, threads);
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(async () => void (await opened.value.stop()));
  await until(() => heard.ticks.length > 3);
  return { ...heard, heard, collector: opened.value, folder };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it never came to that');
}

const words = (alerts: readonly StoredAlert[]): string[] =>
  alerts.map((alert) => `${alertSubject(t, alert)}: ${alertTitle(t, format, alert)}`).sort();
const hasAdvice = (alerts: readonly StoredAlert[]): boolean =>
  alerts.every((alert) => alertAdvice(t, alert).length > 20);
const FOUR = 'set -1 count 4';
const lost = (gpu: number): string => `code ${gpu} * 15`;

describe('on the stand-in driver', () => {
  it('an Xid 48 alerts, with its name and a remedy, and can be acknowledged', async () => {
    const control = controlMock();
    const { heard, collector } = await record();
    control.set('event 0 XID 48');
    await until(() => heard.told.length > 0);
    expect(words(heard.told)).toEqual([
      expect.stringMatching(/\(GPU 0\): Critical driver error Xid 48: Double-bit ECC error$/),
    ]);
    expect(hasAdvice(heard.told)).toBe(true);
    const [{ gpuUuid, rule }] = heard.told as [StoredAlert];
    expect(await collector.answer('alerts.acknowledge', { gpuUuid, rule })).toEqual({ ok: true, value: undefined });
    expect(heard.firing).toMatchObject([{ rule: 'xid-critical', acknowledgedMs: expect.any(Number) }]);
    expect(await collector.answer('alerts.snooze', { gpuUuid, rule, forMs: 60_000 })).toMatchObject({ ok: true });
    expect(heard.firing).toMatchObject([{ snoozedUntilMs: expect.any(Number) }]);
    expect(await collector.answer('alerts.acknowledge', { gpuUuid, rule: 'gpu-lost' })).toMatchObject({
      ok: false,
      error: { code: 'not-found' },
    });
    expect(heard.told).toHaveLength(1);
  });

  it('uncorrectable memory errors alert', async () => {
    controlMock('profile * a100', 'set 0 ecc_1_0 3');
    const { heard } = await record();
    await until(() => heard.told.length > 0);
    expect(words(heard.told)).toEqual([expect.stringMatching(/\(GPU 0\): Uncorrectable memory errors: 3$/)]);
    expect(hasAdvice(heard.told)).toBe(true);
  });

  it('a lost GPU is one alert, also after its Xid 79 and a restart', async () => {
    const control = controlMock(FOUR);
    const first = await record();
    control.set(FOUR, lost(2), 'event 2 XID 79');
    await until(() => first.heard.told.length > 0);
    await first.collector.stop();
    const { heard } = await record(first.folder);
    await until(() => heard.ticks.length > 15);
    expect(words([...first.heard.told, ...heard.told])).toEqual([expect.stringMatching(/\(GPU 2\): GPU lost$/)]);
    expect(heard.firing).toMatchObject([{ rule: 'gpu-lost', gpuIndex: 2 }]);
  });

  it('two of four GPUs gone are two alerts', async () => {
    const control = controlMock(FOUR);
    const { heard } = await record();
    control.set(FOUR, lost(1), lost(3));
    await until(() => heard.told.length > 1);
    expect(words(heard.told)).toEqual([
      expect.stringMatching(/\(GPU 1\): GPU lost$/),
      expect.stringMatching(/\(GPU 3\): GPU lost$/),
    ]);
  });

  it('a driver that hangs is one alert of the computer', async () => {
    const control = controlMock(FOUR);
    const { heard } = await record();
    control.set(FOUR, 'hang * *');
    await until(() => heard.told.length > 0);
    expect(words(heard.told)).toEqual(['This computer: The NVIDIA driver does not respond']);
    const seen = heard.ticks.length;
    await until(() => heard.ticks.length > seen + 5); // longer than the rule of a single card waits
    expect(heard.told.map(({ rule }): AlertRuleId => rule)).toEqual(['driver-silent']);
    expect(hasAdvice(heard.told)).toBe(true);
  });

  it('four problems on eight GPUs are four alerts, each understandable on its own', async () => {
    const eight = ['set -1 count 8', 'profile * a100'];
    const control = controlMock(...eight, 'set 5 ecc_1_0 2');
    const { heard } = await record();
    const xid = 'event 6 XID 48';
    control.set(...eight, 'set 5 ecc_1_0 2', xid);
    await until(() => heard.told.length > 1);
    control.set(...eight, 'set 5 ecc_1_0 2', xid, lost(1));
    await until(() => heard.told.length > 2);
    control.set(...eight, 'set 5 ecc_1_0 2', xid, lost(1), 'hang 3 nvmlDeviceGetTemperature');
    await until(() => heard.told.length > 3);
    const texts = words(heard.told);
    expect(texts).toEqual([
      expect.stringMatching(/^.+ \(GPU 1\): GPU lost$/),
      expect.stringMatching(/^.+ \(GPU 3\): The driver does not respond about this GPU$/),
      expect.stringMatching(/^.+ \(GPU 5\): Uncorrectable memory errors: 2$/),
      expect.stringMatching(/^.+ \(GPU 6\): Critical driver error Xid 48: Double-bit ECC error$/),
    ]);
    expect(heard.firing).toHaveLength(4);
  });
});
