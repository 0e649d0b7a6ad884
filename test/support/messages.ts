import type { OpenedChannel, SendResult } from '../../app/alerts/channels/channel.ts';
import type { AlertMessage } from '../../app/alerts/channels/message.ts';

/** A message of an alert about a card. */
export const alertMessageWith = (id: string, change: Partial<AlertMessage> = {}): AlertMessage => ({
  id,
  episode: 'episode-1',
  kind: 'fired',
  rule: 'core-at-slowdown',
  severity: 'act',
  tsMs: Date.UTC(2026, 2, 1, 12),
  firedMs: Date.UTC(2026, 2, 1, 12),
  durationMs: null,
  subject: 'RTX 3090 (GPU 0)',
  title: 'Core at its slowdown limit (93 °C)',
  advice: 'Check the fans.',
  headline: 'RTX 3090 (GPU 0): Core at its slowdown limit (93 °C)',
  lines: ['Check the fans.', '1 March 2026, 12:00'],
  gpuName: 'RTX 3090',
  gpuIndex: 0,
  simulated: false,
  ...change,
});

/** Sends one message as the recorder does, without repeating it. */
export const sendTo = (channel: OpenedChannel, message: AlertMessage): Promise<SendResult> =>
  channel.send(message, new AbortController().signal);

/** Sends messages in order, each until it is delivered or refused for good. Answers what was refused. */
export async function deliverAll(channel: OpenedChannel, messages: readonly AlertMessage[]): Promise<string[]> {
  const refused: string[] = [];
  for (const message of messages) {
    for (;;) {
      const result = await sendTo(channel, message);
      if (result.ok) break;
      if ('rejected' in result) {
        refused.push(message.id);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return refused;
}
