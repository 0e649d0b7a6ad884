import type { ChannelContext, OpenedChannel, SendResult } from './channel.ts';
import type { ChannelValues } from './channels.ts';
import { sendHttp } from './http.node.ts';

const MINUTE_MS = 60_000;

/**
 * Calls an address while samples are being stored, for a service that reports when the calls stop: then the recorder, the
 * computer or its network is down. While recording is paused it is silent, because that is what the service should notice.
 */
export async function openHeartbeat(context: ChannelContext<ChannelValues<'heartbeat'>>): Promise<OpenedChannel> {
  const { everyMin, method } = context.settings;
  const closing = new AbortController();
  let dueMs = -Infinity; // on the axis of ticks
  let calling: Promise<void> | undefined;

  const call = (signal: AbortSignal): Promise<SendResult> => sendHttp({ url: context.secrets['url']!, method }, signal);

  return {
    send: (_, signal) => call(signal),
    onTick({ axisMs, tsMs }, stored) {
      const nowMs = axisMs ?? tsMs;
      if (!stored || nowMs < dueMs || calling) return;
      dueMs = nowMs + everyMin * MINUTE_MS;
      calling = call(closing.signal).then((result) => {
        calling = undefined;
        if (closing.signal.aborted) return;
        if (!result.ok) dueMs = nowMs + Math.min(everyMin, 1) * MINUTE_MS; // the service waits for little more than one period
        context.report(result.ok ? undefined : result.error);
      });
    },
    async close() {
      closing.abort();
      await calling;
    },
  };
}
