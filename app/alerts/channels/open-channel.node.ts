import type { ChannelContext, OpenedChannel } from './channel.ts';
import type { AlertChannelId, ChannelValues } from './channels.ts';
import type { OpenAny } from './slot.ts';

type Open<Id extends AlertChannelId> = (context: ChannelContext<ChannelValues<Id>>) => Promise<OpenedChannel>;

/** How each channel sends. Its code is loaded when it is switched on: a recorder without channels stays small. */
const openChannel: { readonly [Id in AlertChannelId]: Open<Id> } = {
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

/** What channels may use of the recorder around them. */
export type Surroundings = Pick<ChannelContext<never>, 'dataFolder' | 'titleOf'>;

/** Opens any of them. The settings are those of the same channel. */
export const openChannels =
  (surroundings: Surroundings): OpenAny =>
  (id, settings, secrets, report) =>
    (openChannel[id] as Open<AlertChannelId>)({ ...surroundings, settings, secrets, report });
