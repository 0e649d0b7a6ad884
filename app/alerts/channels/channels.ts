import type { ChannelRow } from './channel.ts';
import type { ValuesOf } from './field.ts';

/**
 * Every alert channel, in the order of the page. A new channel is a row here, its texts in `channel` of each language, and
 * its way of sending in open-channel.node.ts. What is in a row decides its settings, the page and the terminal.
 */
export const alertChannels = {
  webhook: { fields: {}, secrets: ['url', 'token'], needs: ['url'], receiver: ['url'], alerts: true },
  slack: { fields: {}, secrets: ['url'], needs: ['url'], receiver: ['url'], alerts: true },
  discord: { fields: {}, secrets: ['url'], needs: ['url'], receiver: ['url'], alerts: true },
  telegram: {
    // an own Bot API server is possible
    fields: { server: { kind: 'text', initial: 'https://api.telegram.org' }, chat: { kind: 'text' } },
    secrets: ['token'],
    needs: ['server', 'token', 'chat'],
    receiver: ['server'],
    alerts: true,
  },
  ntfy: {
    fields: { server: { kind: 'text', initial: 'https://ntfy.sh' } },
    secrets: ['topic', 'token'], // whoever knows the topic can read and send
    needs: ['server', 'topic'],
    receiver: ['server'],
    alerts: true,
  },
  email: {
    fields: {
      host: { kind: 'text' },
      port: { kind: 'number', least: 1, most: 65_535, initial: 587 },
      security: { kind: 'choice', of: ['STARTTLS', 'TLS', 'none'], initial: 'STARTTLS' },
      caFile: { kind: 'text' },
      user: { kind: 'text' },
      fromAddress: { kind: 'text' },
      to: { kind: 'list', most: 20 },
    },
    secrets: ['password'],
    needs: ['host', 'fromAddress', 'to'],
    receiver: ['host', 'port', 'security', 'caFile'],
    alerts: true,
  },
  mqtt: {
    fields: {
      host: { kind: 'text' },
      port: { kind: 'number', least: 1, most: 65_535, initial: 1883 },
      tls: { kind: 'flag', initial: false },
      caFile: { kind: 'text' },
      user: { kind: 'text' },
      baseTopic: { kind: 'text', initial: 'slowburn' },
      homeAssistant: { kind: 'flag', initial: true },
      discoveryPrefix: { kind: 'text', initial: 'homeassistant' },
      everyS: { kind: 'number', least: 5, most: 3600, initial: 30 },
    },
    secrets: ['password'],
    needs: ['host', 'baseTopic', 'discoveryPrefix'],
    receiver: ['host', 'port', 'tls', 'caFile'],
    alerts: true,
  },
  command: {
    fields: { command: { kind: 'list', most: 20, fileOnly: true } },
    secrets: [],
    needs: ['command'],
    receiver: [],
    alerts: true,
  },
  heartbeat: {
    fields: {
      everyMin: { kind: 'number', least: 1, most: 1440, initial: 5 },
      method: { kind: 'choice', of: ['GET', 'POST'], initial: 'GET' },
    },
    secrets: ['url'],
    needs: ['url'],
    receiver: ['url'],
    alerts: false,
  },
} as const satisfies Record<string, ChannelRow>;

export type AlertChannelId = keyof typeof alertChannels;
export type ChannelValues<Id extends AlertChannelId> = ValuesOf<(typeof alertChannels)[Id]['fields']>;

export const alertChannelIds = Object.keys(alertChannels) as [AlertChannelId, ...AlertChannelId[]];
export const channelRow = (id: AlertChannelId): ChannelRow => alertChannels[id];
