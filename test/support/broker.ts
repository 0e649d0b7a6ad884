import net from 'node:net';
import { Aedes, type AedesOptions } from 'aedes';
import { connect } from 'mqtt';
import { onTestFinished } from 'vitest';
import { createHome } from './home-assistant.ts';

export type Broker = {
  readonly port: number;
  /** Ends the broker with all its connections, as a crash does. */
  readonly kill: () => Promise<void>;
  readonly clients: () => number;
  /** what clients have published */
  readonly published: readonly { readonly topic: string; readonly payload: string }[];
};

type Login = { readonly username?: string; readonly password?: string };

/** A broker on loopback. A later one may take the port of one that was killed. */
export async function startBroker(options: AedesOptions & { readonly port?: number } = {}): Promise<Broker> {
  const { port = 0, ...rest } = options;
  const broker = new Aedes(rest);
  await broker.listen();
  const published: { topic: string; payload: string }[] = [];
  broker.on('publish', ({ topic, payload }, client) => {
    if (client) published.push({ topic, payload: payload.toString() });
  });
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  let closed: Promise<void> | undefined;
  const kill = (): Promise<void> =>
    (closed ??= (async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => broker.close(() => resolve()));
    })());
  onTestFinished(kill);
  return { port: (server.address() as net.AddressInfo).port, kill, clients: () => sockets.size, published };
}

/** A home that listens on a broker: to everything, as Home Assistant would to what it knows. */
export async function startHome(port: number, login: Login = {}) {
  const home = createHome();
  const raw: { readonly topic: string; readonly payload: string; readonly retain: boolean }[] = [];
  const client = connect({ host: '127.0.0.1', port, reconnectPeriod: 50, clientId: `home-${Math.random()}`, ...login });
  client.on('error', () => undefined);
  client.on('message', (topic, payload, { retain }) => {
    raw.push({ topic, payload: payload.toString(), retain });
    home.receive(topic, payload.toString(), retain);
  });
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  await client.subscribeAsync('#', { qos: 1 });
  const close = () => client.endAsync(true);
  onTestFinished(close);
  return { ...home, raw, close };
}

/** What a broker keeps: retained messages by topic. */
export async function retainedOn(port: number, login: Login = {}): Promise<Map<string, string>> {
  const client = connect({ host: '127.0.0.1', port, ...login });
  const kept = new Map<string, string>();
  client.on('message', (topic, payload, { retain }) => retain && kept.set(topic, payload.toString()));
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  await client.subscribeAsync('#', { qos: 1 });
  await client.publishAsync('end/of/list', 'x', { qos: 1 }); // comes after what the broker kept
  await new Promise((resolve) => setTimeout(resolve, 50));
  await client.endAsync(true);
  return kept;
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not happen');
}
