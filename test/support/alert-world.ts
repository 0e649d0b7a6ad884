import path from 'node:path';
import { createDeliveries, type Deliveries, type DeliveryOptions } from '../../app/alerts/channels/deliveries.ts';
import type { AlertChannelId } from '../../app/alerts/channels/channels.ts';
import { openSecrets } from '../../app/alerts/channels/secrets.node.ts';
import { dueToTell } from '../../app/alerts/episode.ts';
import { createAlertOutbox } from '../../app/alerts/outbox.ts';
import type { AlertRuleId } from '../../app/alerts/rules.ts';
import type { AlertSettings } from '../../app/alerts/settings.ts';
import { text } from '../../app/core/i18n.ts';
import { createFormatter } from '../../app/metrics/format.ts';
import { defaultSettings } from '../../app/settings/settings.ts';
import { firedEntry } from './alerts.ts';
import type { TestClock } from './clock.ts';
import { temporaryFolder } from './folders.ts';
import { tickWith } from './frames.ts';
import { openStore } from './store.ts';

type Channels = Partial<{ [Id in AlertChannelId]: Partial<AlertSettings['channels'][Id]> }>;

/** Settings of alerts with some channels on. */
export function alertSettingsWith(channels: Channels, change: Partial<AlertSettings> = {}): AlertSettings {
  const { alerts } = defaultSettings;
  const on = Object.entries(channels).map(([id, own]) => [
    id,
    { ...alerts.channels[id as AlertChannelId], on: true, ...own },
  ]);
  return { ...alerts, ...change, channels: { ...alerts.channels, ...Object.fromEntries(on) } };
}

let made = 0;

/**
 * What a recorder does about alerts of the machine, with a history on the disk and a clock that moves when told. It can be
 * killed: then nothing that it still does reaches the disk or a receiver.
 */
export function openAlertWorld(options: {
  readonly clock: TestClock;
  readonly settings: AlertSettings;
  readonly open: DeliveryOptions['open'];
  readonly folder?: string;
  readonly random?: () => number;
}) {
  const { clock, folder = temporaryFolder(), open } = options;
  const file = path.join(folder, 'history.db');
  const log: string[] = [];
  let generation = 0;

  function begin() {
    const mine = ++generation;
    const isAlive = (): boolean => generation === mine;
    const { store } = openStore(file);
    const state = { canWrite: true };
    const deliveries: Deliveries = createDeliveries({
      clock,
      random: options.random ?? (() => 1),
      newId: () => `episode-${++made}`,
      open: async (...given) => {
        const channel = await open(...given);
        const never = new Promise<never>(() => undefined);
        return { ...channel, send: (...sent) => (isAlive() ? channel.send(...sent) : never) };
      },
      secrets: openSecrets(folder, undefined),
      settings: options.settings,
      words: () => ({ t: text, format: createFormatter('en', defaultSettings) }),
      simulated: false,
      live: true,
      log: (entry) => void (isAlive() && log.push(entry)),
      save: (task) => void (isAlive() && state.canWrite && task()),
    });
    deliveries.attach(store.messages);
    const outbox = createAlertOutbox(store.alerts, deliveries);
    return { store, deliveries, outbox, state };
  }
  let now = begin();

  const post = (entries: Parameters<typeof now.outbox.post>[0]['entries']): void => {
    const tsMs = clock.wallMs();
    const due = (firing: Parameters<typeof dueToTell>[0]) => dueToTell(firing, tsMs, false);
    now.outbox.post({ entries, due, tsMs, canWrite: now.state.canWrite });
  };
  return {
    folder,
    file,
    log,
    deliveries: () => now.deliveries,
    store: () => now.store,
    firing: () => now.outbox.firing(),
    fire: (rule: AlertRuleId) => post([firedEntry(rule, clock.wallMs(), null)]),
    clear: (rule: AlertRuleId) => post([{ kind: 'cleared', gpuUuid: null, rule, tsMs: clock.wallMs(), peak: 1 }]),
    /** what every tick does: writes what waits */
    tick(): void {
      post([]);
      now.deliveries.onTick(tickWith(clock.wallMs(), 1000, []), now.state.canWrite);
    },
    setDisk: (works: boolean) => void (now.state.canWrite = works),
    /** Ends in order and starts again. */
    async restart(): Promise<void> {
      const closed = now.deliveries.close();
      await clock.advance(2_000);
      await closed;
      post([]);
      now.store.close();
      now = begin();
    },
    /** kill -9, and starts again. */
    kill(): void {
      const { store } = now;
      generation++;
      store.close();
      now = begin();
    },
    async close(): Promise<void> {
      const closed = now.deliveries.close();
      await clock.advance(2_000);
      await closed;
    },
  };
}

/** Lets everything happen that waits for nothing. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
}
