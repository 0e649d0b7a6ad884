import { err } from '../../core/result.ts';
import { text } from '../../core/i18n.ts';
import { brokerOf } from '../mqtt/broker.node.ts';
import { createHomeAssistant } from '../mqtt/home-assistant.node.ts';
import { openLink, publishOnce } from '../mqtt/link.node.ts';
import { openMqttState } from '../mqtt/state-file.node.ts';
import { alertTopic, isTopic } from '../mqtt/topics.ts';
import { webhookBody } from './bodies.ts';
import type { ChannelContext, OpenedChannel } from './channel.ts';
import type { ChannelValues } from './channels.ts';
import type { AlertMessage } from './message.ts';

type Values = ChannelValues<'mqtt'>;
export type MqttContext = ChannelContext<Values>;

/** One JSON object per message, with the event type that Home Assistant expects. Not retained: it is an event, not a state. */
const alertPayload = (message: AlertMessage): string =>
  JSON.stringify({ event_type: message.kind, ...webhookBody(message) });

/**
 * Publishes alert messages, and the cards as devices of Home Assistant if that is wanted. The connection for the readings
 * carries the messages too; without one, each message has its own, which also says at once why it cannot be sent.
 */
export async function openMqtt(
  { settings, secrets, dataFolder, titleOf, report }: MqttContext,
  reconnectMs?: number,
): Promise<OpenedChannel> {
  const { baseTopic: base, discoveryPrefix: discovery, everyS } = settings;
  const broker = brokerOf(settings, secrets['password']);
  const refused = !broker.ok
    ? broker
    : !isTopic(base) || !isTopic(discovery)
      ? err('invalid-argument', text('mqtt.badTopic'), text('mqtt.badTopicNext'))
      : undefined;
  if (!broker.ok || refused) {
    report(refused?.error);
    return { send: async () => refused!, close: async () => undefined };
  }
  const homeAssistant = settings.homeAssistant
    ? createHomeAssistant({
        dataFolder,
        base,
        discovery,
        everyMs: everyS * 1000,
        titleOf,
        report,
        openLink: (will, onUp) => openLink({ broker: broker.value, will, onUp, onFault: report, reconnectMs }),
      })
    : undefined;

  const root = homeAssistant?.root ?? { base, node: openMqttState(dataFolder).node, discovery };

  return {
    send(message, signal) {
      const publication = { topic: alertTopic(root), payload: alertPayload(message), retain: false };
      const link = homeAssistant?.link();
      return link ? link.publish(publication, signal) : publishOnce(broker.value, [publication], signal);
    },
    onTick: (tick) => homeAssistant?.onTick(tick),
    onFiring: (firing) => homeAssistant?.onFiring(firing),
    close: async () => homeAssistant?.close(),
  };
}
