import { ntfyBody } from './bodies.ts';
import type { ChannelContext, OpenedChannel } from './channel.ts';
import type { ChannelValues } from './channels.ts';
import { bearer, sendHttp } from './http.node.ts';

/** A topic of ntfy.sh or of an own server. */
export async function openNtfy({ settings, secrets }: ChannelContext<ChannelValues<'ntfy'>>): Promise<OpenedChannel> {
  const { topic = '', token } = secrets;
  const headers = bearer(token);
  return {
    send: (message, signal) => sendHttp({ url: settings.server, headers, body: ntfyBody(message, topic) }, signal),
    close: async () => undefined,
  };
}
