import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readMqttState } from '../../app/alerts/mqtt/state-file.node.ts';
import { openCollector } from '../../app/recorder/collector.node.ts';
import { defaultSettings, type Settings } from '../../app/settings/settings.ts';
import { retainedOn, startBroker, startHome, until } from '../support/broker.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';

// The whole recorder on the stand-in driver, a broker on loopback, and what a home sees.

const { alerts } = defaultSettings;
const settingsWith = (mqtt: Partial<Settings['alerts']['channels']['mqtt']>): Settings => ({
  ...defaultSettings,
  intervalMs: 200,
  alerts: {
    ...alerts,
    rules: { 'xid-critical': { holdS: 1 } },
    channels: { ...alerts.channels, mqtt: { ...alerts.channels.mqtt, host: '127.0.0.1', everyS: 5, ...mqtt } },
  },
});

async function record(folder: string, settings: Settings) {
  const source = { kind: 'nvml', library: compileMock() } as const;
  const started = { restarted: false, startedBy: 'monitor' } as const;
  const config = { source, speed: 1, dataFolder: folder, settings, suspended: [], ...started };
  const events = { onTick: () => undefined, onAlerts: () => undefined, onSessions: () => undefined };
  const opened = await openCollector(config, events, threads);
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(async () => void (await opened.value.stop()));
  return opened.value;
}

describe('a recorder with MQTT', () => {
  it('shows its cards and alerts in Home Assistant, and removes them when it is switched off', async () => {
    const control = controlMock('set -1 count 2');
    const broker = await startBroker();
    const home = await startHome(broker.port);
    const folder = temporaryFolder();
    const recorder = await record(folder, settingsWith({ on: true, port: broker.port }));
    await until(() => home.devices().length === 3);
    await until(() => [...home.entities()].filter(([id, { state }]) => /_energy$/.test(id) && state).length === 2);
    const temperatures = [...home.entities()].filter(([id]) => id.endsWith('_temperature'));
    for (const [, { state }] of temperatures) expect(Number(state)).toBeGreaterThan(0);

    control.set('set -1 count 2', 'event 1 XID 48');
    await until(() => home.events.length > 0);
    expect(home.events).toMatchObject([{ event_type: 'fired', rule: 'xid-critical', gpu: { index: 1 } }]);
    await until(() => [...home.entities().values()].some(({ state }) => state === 'ON'));
    const problems = [...home.entities()].filter(([id, { state }]) => id.endsWith('_problem') && state === 'ON');
    expect(problems.length).toBe(1);

    recorder.applySettings(settingsWith({ on: false, port: broker.port }), []);
    await until(() => home.devices().length === 0);
    await until(() => readMqttState(folder)?.announced.length === 0);
    expect(await retainedOn(broker.port)).toEqual(new Map());
    expect(home.events.length).toBe(1);
  });

  it('tells nothing to a broker before it is switched on', async () => {
    controlMock();
    const broker = await startBroker();
    const recorder = await record(temporaryFolder(), settingsWith({ on: false, port: broker.port }));
    expect(await recorder.answer('notify.states', undefined)).toMatchObject({ ok: true });
    recorder.applySettings(settingsWith({ on: true, port: broker.port }), []);
    await until(() => broker.published.some(({ topic }) => topic.endsWith('/config')));
    await recorder.stop();
    expect(broker.published.at(-1)).toMatchObject({ payload: 'offline' });
    expect(broker.clients()).toBe(0);
  });
});

/** Modules that an entry point loads at once: those it imports by name, not by `import()`. */
function loadedBy(entry: string, folder = 'out/node', seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  const text = fs.readFileSync(path.join(folder, entry), 'utf8');
  for (const [, name] of text.matchAll(/^(?:import|export)\b[^;'"]*?["']\.\/([^"']+)["']/gm))
    loadedBy(name!, folder, seen);
  return seen;
}

describe('a recorder without e-mail and MQTT', () => {
  it('does not load their libraries: they are parts of their own, which only switching on loads', () => {
    const chunks = fs.readdirSync('out/node').filter((name) => name.endsWith('.js'));
    const holding = (part: string): string[] =>
      chunks.filter((name) => fs.readFileSync(path.join('out/node', name), 'utf8').includes(`node_modules/${part}/`));
    const atStart = new Set(['collector.js', 'slowburn.js', 'nvml-worker.js'].flatMap((entry) => [...loadedBy(entry)]));
    expect(holding('zod').some((name) => atStart.has(name))).toBe(true);
    for (const library of ['nodemailer', 'mqtt', 'mqtt-packet', 'ws']) {
      expect(holding(library).length, library).toBe(1);
      expect(
        holding(library).filter((name) => atStart.has(name)),
        library,
      ).toEqual([]);
    }
  });
});
