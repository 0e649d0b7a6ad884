import { randomBytes } from 'node:crypto';
import type { IClientOptions, MqttClient } from 'mqtt';
import { text } from '../../core/i18n.ts';
import { err, ok, type AppError, type Result } from '../../core/result.ts';
import { brokerFailure, type BrokerAddress } from './failure.ts';

export type Broker = BrokerAddress & {
  readonly tls: boolean;
  readonly user: string;
  readonly password?: string | undefined;
  /** certificate of a private authority, PEM */
  readonly ca?: string | undefined;
};

export type Publication = { readonly topic: string; readonly payload: string; readonly retain: boolean };

const CONNECT_MS = 8_000;
const CONFIRM_MS = 8_000;
const RECONNECT_MS = 15_000;
const END_MS = 2_000;
/** The broker publishes the last will after one and a half of these without a sign of life (MQTT 3.1.1, 3.1.2.10). */
const KEEP_ALIVE_S = 30;

/** MQTT 3.1.1, which every broker speaks. A random client id: a broker ends the older of two clients with the same one. */
function clientOptions({ host, port, tls, user, password, ca }: Broker): IClientOptions {
  return {
    protocol: tls ? 'mqtts' : 'mqtt',
    protocolVersion: 4,
    host,
    port,
    clientId: `slowburn_${randomBytes(6).toString('hex')}`,
    clean: true,
    keepalive: KEEP_ALIVE_S,
    connectTimeout: CONNECT_MS,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    timerVariant: 'native',
    ...(user !== '' && { username: user, password: password ?? '' }),
    ...(ca !== undefined && { ca }),
  };
}

/**
 * Publishes with QoS 1. ok: the broker has confirmed it. What it did not confirm is forgotten, as whoever asked tries
 * again: the client must not send it as well when it is connected again.
 */
function publishConfirmed(
  client: MqttClient,
  { topic, payload, retain }: Publication,
  broker: BrokerAddress,
  signal?: AbortSignal,
): Promise<Result<undefined>> {
  return new Promise((resolve) => {
    const finish = (result: Result<undefined>): void => {
      clearTimeout(timer);
      client.off('close', onClose);
      signal?.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const giveUp = (why: Result<undefined>): void => {
      finish(why);
      client.removeOutgoingMessage(messageId);
    };
    const onClose = (): void => giveUp(brokerFailure(undefined, broker));
    const onAbort = (): void => giveUp(err('cancelled', text('channel.error.cancelled')));
    const timer = setTimeout(() => giveUp(brokerFailure({ code: 'ETIMEDOUT' }, broker)), CONFIRM_MS);
    client.on('close', onClose);
    signal?.addEventListener('abort', onAbort, { once: true });
    client.publish(topic, payload, { qos: 1, retain }, (error) =>
      finish(error ? brokerFailure(error, broker) : ok(undefined)),
    );
    const messageId = client.getLastMessageId();
    if (signal?.aborted) onAbort();
  });
}

/** Ends a client: in good order within a time limit, so that no last will is sent; else at once. */
async function end(client: MqttClient): Promise<void> {
  const timer = setTimeout(() => client.end(true), END_MS);
  await client.endAsync(!client.connected).catch(() => undefined);
  clearTimeout(timer);
}

/** Resolves when the client is connected. An error that comes later is not thrown. */
function connected(client: MqttClient, broker: BrokerAddress, signal?: AbortSignal): Promise<Result<undefined>> {
  return new Promise((resolve) => {
    let cause: unknown;
    client.on('error', (error) => (cause = error));
    client.once('connect', () => resolve(ok(undefined)));
    client.once('close', () => resolve(brokerFailure(cause, broker)));
    const cancel = (): void => resolve(err('cancelled', text('channel.error.cancelled')));
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
  });
}

/** Connects, publishes in order, and disconnects. The client library is loaded here, and only when it is needed. */
export async function publishOnce(
  broker: Broker,
  publications: readonly Publication[],
  signal?: AbortSignal,
): Promise<Result<undefined>> {
  const { connect } = await import('mqtt');
  const client = connect(clientOptions(broker));
  try {
    let result = await connected(client, broker, signal);
    for (const one of publications) {
      if (!result.ok) break;
      result = await publishConfirmed(client, one, broker, signal);
    }
    return result;
  } finally {
    await end(client);
  }
}

export type Link = {
  readonly isUp: () => boolean;
  /** Only while the link is up. */
  readonly publish: (publication: Publication, signal?: AbortSignal) => Promise<Result<undefined>>;
  /** Not confirmed, and lost while the link is down: the next value replaces it. */
  readonly tell: (publication: Publication) => void;
  readonly close: () => Promise<void>;
};

export type LinkOptions = {
  readonly broker: Broker;
  /** what the broker publishes, retained, when this recorder is gone without a word */
  readonly will: { readonly topic: string; readonly payload: string };
  readonly onUp: () => void;
  /** undefined: it works again */
  readonly onFault: (fault: AppError | undefined) => void;
  readonly reconnectMs?: number | undefined;
};

/** Keeps a connection to the broker, and connects again when it is lost. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { broker, will, onUp, onFault, reconnectMs = RECONNECT_MS } = options;
  const { connect } = await import('mqtt');
  const client = connect({
    ...clientOptions(broker),
    reconnectPeriod: reconnectMs,
    reconnectOnConnackError: true,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
  });
  let cause: unknown;
  let closing = false;
  client.on('error', (error) => (cause = error));
  client.on('connect', () => {
    cause = undefined;
    onFault(undefined);
    onUp();
  });
  client.on('close', () => {
    if (!closing) onFault(brokerFailure(cause, broker).error);
  });
  return {
    isUp: () => client.connected,
    publish: (publication, signal) => publishConfirmed(client, publication, broker, signal),
    tell: ({ topic, payload, retain }) => {
      if (client.connected) client.publish(topic, payload, { qos: 0, retain });
    },
    async close() {
      closing = true;
      await end(client);
    },
  };
}
