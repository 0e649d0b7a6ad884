import type { ChannelContext, OpenedChannel } from './channel.ts';
import type { AlertChannelId, ChannelValues } from './channels.ts';

type Open<Id extends AlertChannelId> = (context: ChannelContext<ChannelValues<Id>>) => Promise<OpenedChannel>;

/** How each channel sends. Its code is loaded when it is switched on: a recorder without channels stays small. */
export const openChannel: { readonly [Id in AlertChannelId]: Open<Id> } = {
  webhook: async (context) => (await import('./webhook.node.ts')).openWebhook(context),
  slack: async (context) => (await import('./webhook.node.ts')).openSlack(context),
  discord: async (context) => (await import('./webhook.node.ts')).openDiscord(context),
  telegram: async (context) => (await import('./telegram.node.ts')).openTelegram(context),
  ntfy: async (context) => (await import('./ntfy.node.ts')).openNtfy(context),
  email: async (context) => (await import('./email.node.ts')).openEmail(context),
  mqtt: async (context) => (await import('./mqtt.node.ts')).openMqtt(context),
  command: async (context) => (await import('./command.node.ts')).openCommand(context),
  heartbeat: async (context) => (await import('./heartbeat.node.ts')).openHeartbeat(context),
};
