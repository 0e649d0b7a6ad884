import { describe, expect, it, onTestFinished } from 'vitest';
import { applyEntry } from '../../app/alerts/episode.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { createI18n } from '../../app/core/i18n.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { createAlertNotices } from '../../main/alert-notices.ts';
import { createBusNotifier } from '../../main/bus-notifier.ts';
import { hasOwner, openSessionBus } from '../../main/dbus/session-bus.ts';
import { firedEntry } from '../support/alerts.ts';
import { joinBus, startBus, startNotificationServer } from '../support/desktop-bus.ts';
import { temporaryFolder } from '../support/folders.ts';

const { t } = createI18n('en');
const format = createFormatter('en', { temperatureUnit: 'C', currency: 'EUR' });
const START = Date.UTC(2026, 2, 1);
const alertOf = (change: Partial<StoredAlert> = {}, rule: StoredAlert['rule'] = 'core-at-slowdown'): StoredAlert => ({
  ...applyEntry([], firedEntry(rule, START), 7)[0]!,
  ...change,
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(condition()).toBe(true);
}

/** A bus with a notification server, and this process on it. */
async function onTheBus(capabilities: readonly string[] = ['actions', 'body', 'body-markup']) {
  const { address, stop } = await startBus(temporaryFolder());
  onTestFinished(stop);
  const server = await startNotificationServer(address, capabilities);
  onTestFinished(server.stop);
  const bus = await openSessionBus({ DBUS_SESSION_BUS_ADDRESS: address });
  if (!bus.ok) throw new Error(bus.error.message);
  onTestFinished(bus.value.close);
  return { address, server, bus: bus.value };
}

/** Notifications of alerts on that server, and what was done about them. */
async function alertsOnTheBus(sound: 'off' | 'critical' | 'all' = 'critical') {
  const { server, bus } = await onTheBus();
  const notifier = await createBusNotifier(bus);
  const done: string[] = [];
  const notices = createAlertNotices({
    notifier: notifier!,
    t,
    formatter: () => format,
    sound: () => sound,
    onAction: (action, { gpuUuid, rule }) => done.push(`${action} ${gpuUuid} ${rule}`),
  });
  return { server, done, notices };
}

describe('a notification of an alert', () => {
  it('has the alert, what to do about it, and buttons', async () => {
    const { server, done, notices } = await alertsOnTheBus();
    notices([alertOf()], [alertOf()], START);
    await until(() => server.shown.length === 1);
    const [{ id, title, body, actions, hints, icon }] = server.shown as [(typeof server.shown)[0]];
    expect(title).toBe('Core at its slowdown limit (90 °C)');
    expect(body).toMatch(/^Card \(GPU 0\)\. /);
    expect(actions).toEqual([
      ...['default', 'Open'],
      ...['acknowledge', 'Acknowledge', 'snooze', 'Snooze for 1 h', 'open', 'Open'],
    ]);
    expect(hints).toEqual({ urgency: 2, category: 'device', 'sound-name': 'dialog-error' });
    expect(icon).toBe('dialog-error');
    for (const key of ['acknowledge', 'snooze', 'open', 'default', 'nonsense']) server.press(id, key);
    server.press(id + 1, 'acknowledge'); // of another program
    server.press(id, 'snooze');
    await until(() => done.length === 5);
    const about = 'GPU-1 core-at-slowdown';
    expect(done).toEqual(['acknowledge', 'snooze', 'open', 'open', 'snooze'].map((action) => `${action} ${about}`));
  });

  it('is replaced by its end, silently', async () => {
    const { server, notices } = await alertsOnTheBus();
    notices([alertOf()], [alertOf()], START);
    notices([alertOf()], [], START + 1000);
    notices([], [], START + 720_000);
    await until(() => server.shown.length === 2);
    expect(server.shown[1]).toMatchObject({
      id: server.shown[0]!.id,
      replaces: server.shown[0]!.id,
      title: 'Resolved: Core at its slowdown limit (90 °C)',
      body: 'Card (GPU 0), after 12 min.',
      actions: ['default', 'Open', 'open', 'Open'],
      hints: { urgency: 0, 'suppress-sound': true },
    });
    expect(server.closed).toEqual([]);
  });

  it('does not come back at the end of an alert when it was dismissed', async () => {
    const { server, notices } = await alertsOnTheBus();
    notices([alertOf()], [alertOf()], START);
    await until(() => server.shown.length === 1);
    server.dismiss(server.shown[0]!.id);
    const other = alertOf({}, 'core-near-slowdown');
    notices([alertOf(), other], [other], START);
    await until(() => server.shown.length === 2); // the bus keeps the order: the dismissal arrived before
    notices([], [], START + 1000);
    await until(() => server.shown.length === 3);
    expect(server.shown[2]!.title).toMatch(/^Resolved: Core near/);
  });

  it.each([
    ['acknowledged', { acknowledgedMs: START }],
    ['snoozed', { snoozedUntilMs: START + 5000 }],
  ])('goes when the alert is %s elsewhere', async (_, handled) => {
    const { server, notices } = await alertsOnTheBus();
    notices([alertOf()], [alertOf()], START);
    notices([alertOf(handled)], [], START + 1000);
    await until(() => server.closed.length === 1);
    expect(server.shown).toHaveLength(1);
  });

  it('goes without being called resolved when a larger cause takes over', async () => {
    const { server, notices } = await alertsOnTheBus();
    notices([alertOf({}, 'xid-critical')], [alertOf({}, 'xid-critical')], START);
    const lost = alertOf({}, 'gpu-lost');
    notices([lost], [lost], START + 1000);
    await until(() => server.shown.length === 2 && server.closed.length === 1);
    expect(server.shown[1]!.title).toBe('GPU lost');
  });

  it.each([
    ['off', true, true],
    ['critical', true, false],
    ['all', false, false],
  ] as const)('with sound %s is silent for a warning: %s, for a critical alert: %s', async (sound, warn, act) => {
    const { server, notices } = await alertsOnTheBus(sound);
    const alerts = [alertOf({ severity: 'warn' }, 'core-near-slowdown'), alertOf()];
    notices(alerts, alerts, START);
    await until(() => server.shown.length === 2);
    expect(server.shown.map(({ hints }) => hints['suppress-sound'] === true)).toEqual([warn, act]);
    expect(server.shown.map(({ hints }) => hints['urgency'])).toEqual([1, 2]);
  });
});

describe('the notification server of a desktop', () => {
  const notice = { title: 'a < b', body: '<b>1 & 2</b>', level: 'warn', silent: true, actions: [] } as const;

  it('gets markup only where it shows it, and then as text', async () => {
    for (const [capability, body] of [
      ['body-markup', '&lt;b&gt;1 &amp; 2&lt;/b&gt;'],
      ['body', '<b>1 & 2</b>'],
    ] as const) {
      const { server, bus } = await onTheBus(['actions', capability]);
      (await createBusNotifier(bus))!.show(notice, () => undefined);
      await until(() => server.shown.length === 1);
      expect(server.shown[0]).toMatchObject({ title: 'a < b', body });
    }
  });

  it('is not used where it shows no buttons, and where there is none', async () => {
    expect(await createBusNotifier((await onTheBus(['body'])).bus)).toBeUndefined();
    const { server, bus } = await onTheBus();
    server.stop();
    expect(await createBusNotifier(bus)).toBeUndefined();
  });

  it('alone can press a button: a signal of another program is not heard', async () => {
    const { address, server, bus } = await onTheBus();
    const done: string[] = [];
    (await createBusNotifier(bus))!.show(notice, (action) => done.push(action));
    await until(() => server.shown.length === 1);
    const forger = await joinBus(address, [], () => undefined);
    onTestFinished(forger.close);
    const { path, name } = { path: '/org/freedesktop/Notifications', name: 'org.freedesktop.Notifications' };
    forger.emit(path, name, 'ActionInvoked', 'us', [1, 'acknowledge']);
    expect(await hasOwner(bus, name)).toBe(true); // answered after the signal would have come
    server.press(1, 'open');
    await until(() => done.length > 0);
    expect(done).toEqual(['open']);
  });
});

describe('the session’s bus', () => {
  it('knows which names have an owner', async () => {
    const { bus, server } = await onTheBus();
    expect(await hasOwner(bus, 'org.freedesktop.Notifications')).toBe(true);
    expect(await hasOwner(bus, 'org.kde.StatusNotifierWatcher')).toBe(false);
    server.stop();
  });

  it('answers every open call when it ends, and none after that', async () => {
    const { address, stop } = await startBus(temporaryFolder());
    const silent = await joinBus(address, ['org.example.Silent'], () => new Promise(() => undefined) as never);
    onTestFinished(silent.close);
    const bus = await openSessionBus({ DBUS_SESSION_BUS_ADDRESS: address });
    if (!bus.ok) throw new Error(bus.error.message);
    stop();
    const object = { destination: 'org.example.Silent', path: '/', interface: 'org.example.Silent' };
    expect(await bus.value.call(object, 'Wait')).toMatchObject({ ok: false });
    await until(() => !bus.value.isOpen());
    expect(await bus.value.call(object, 'Wait')).toMatchObject({ ok: false, error: { code: 'not-ready' } });
  });

  it('that is not there is an error with its cause', async () => {
    expect(await openSessionBus({})).toMatchObject({ ok: false, error: { code: 'not-found' } });
    const gone = await openSessionBus({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${temporaryFolder()}/none` });
    expect(gone).toMatchObject({ ok: false, error: { message: expect.stringContaining('no such file') } });
  });
});
