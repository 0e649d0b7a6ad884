import { discordBody, slackBody, webhookBody } from './bodies.ts';
import type { ChannelContext, OpenedChannel } from './channel.ts';
import type { ChannelValues } from './channels.ts';
import { bearer, sendHttp } from './http.node.ts';
import type { AlertMessage } from './message.ts';

/** A channel that posts each message as JSON to a secret address. */
function posting(url: string, bodyOf: (message: AlertMessage) => unknown, token?: string): OpenedChannel {
  return {
    send: (message, signal) =>
      // the header lets a receiver drop a repetition (draft-ietf-httpapi-idempotency-key-header)
      sendHttp({ url, headers: { 'idempotency-key': message.id, ...bearer(token) }, body: bodyOf(message) }, signal),
    close: async () => undefined,
  };
}

export const openWebhook = async ({ secrets }: ChannelContext<ChannelValues<'webhook'>>): Promise<OpenedChannel> =>
  posting(secrets['url']!, webhookBody, secrets['token']);

export const openSlack = async ({ secrets }: ChannelContext<ChannelValues<'slack'>>): Promise<OpenedChannel> =>
  posting(secrets['url']!, slackBody);

export const openDiscord = async ({ secrets }: ChannelContext<ChannelValues<'discord'>>): Promise<OpenedChannel> =>
  posting(secrets['url']!, discordBody);
