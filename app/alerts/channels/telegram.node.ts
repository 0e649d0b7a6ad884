import { telegramBody } from './bodies.ts';
import type { ChannelContext, OpenedChannel } from './channel.ts';
import type { ChannelValues } from './channels.ts';
import { sendHttp } from './http.node.ts';
import { trimmedEnd } from '../../core/text-end.ts';

/** A Telegram bot (core.telegram.org/bots/api#sendmessage). The token is a part of the address. */
export async function openTelegram(context: ChannelContext<ChannelValues<'telegram'>>): Promise<OpenedChannel> {
  const { server, chat } = context.settings;
  const url = `${trimmedEnd(server, '/')}/bot${encodeURIComponent(context.secrets['token']!).replaceAll('%3A', ':')}/sendMessage`;
  return {
    send: (message, signal) => sendHttp({ url, body: telegramBody(message, chat) }, signal),
    close: async () => undefined,
  };
}
