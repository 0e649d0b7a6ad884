import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { decodeMessage, encodeMessage, messageLength, type WireMessage, type WireValue } from '../../main/dbus/wire.ts';

const CONFIG = (socket: string) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

/** A real, separate session bus: `dbus-daemon`, which refuses every message that breaks the specification. */
export async function startBus(folder: string): Promise<{ readonly address: string; readonly stop: () => void }> {
  const socket = path.join(folder, 'bus');
  const config = path.join(folder, 'bus.conf');
  fs.writeFileSync(config, CONFIG(socket));
  const daemon = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    daemon.stdout.once('data', () => resolve());
    daemon.once('error', reject);
    daemon.once('exit', (code) => reject(new Error(`dbus-daemon ended with ${code}`)));
  });
  return { address: `unix:path=${socket}`, stop: () => void daemon.kill() };
}

type Reply = { readonly signature?: string; readonly body?: readonly WireValue[] };
/** What a program on the bus answers to a call; undefined: an error. */
export type Handler = (message: WireMessage) => Reply | undefined;

export type Peer = {
  readonly emit: (path: string, name: string, member: string, signature: string, body: readonly WireValue[]) => void;
  readonly call: (to: Partial<WireMessage>) => Promise<WireMessage>;
  readonly close: () => void;
};

/** A program on the bus that owns names and answers calls, as a notification server or a tray does. */
export async function joinBus(address: string, names: readonly string[], onCall: Handler): Promise<Peer> {
  const socket = net.connect(address.replace('unix:path=', ''));
  let bytes = Buffer.alloc(0);
  let serial = 0;
  let welcome: (() => void) | undefined;
  const waiting = new Map<number, (message: WireMessage) => void>();
  const send = (message: Omit<WireMessage, 'serial' | 'body'> & { body?: readonly WireValue[] }): number => {
    socket.write(encodeMessage({ body: [], ...message, serial: ++serial }));
    return serial;
  };
  const call = (to: Partial<WireMessage>): Promise<WireMessage> =>
    new Promise((resolve) => waiting.set(send({ ...to, type: 1 }), resolve));

  function take(message: WireMessage): void {
    waiting.get(message.replySerial ?? 0)?.(message);
    if (message.type !== 1) return;
    const reply = onCall(message);
    const back = { replySerial: message.serial, destination: message.sender };
    if (reply) send({ type: 2, ...back, ...reply });
    else send({ type: 3, ...back, errorName: 'org.freedesktop.DBus.Error.UnknownMethod' });
  }

  socket.on('data', (piece) => {
    if (welcome) {
      welcome();
      welcome = undefined;
      return;
    }
    bytes = Buffer.concat([bytes, piece]);
    for (
      let length = messageLength(bytes);
      length !== undefined && bytes.length >= length;
      length = messageLength(bytes)
    ) {
      const message = decodeMessage(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
      take(message);
    }
  });
  socket.on('error', () => undefined); // the bus ends before its programs
  await new Promise<void>((resolve) => {
    welcome = resolve;
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(process.getuid!())).toString('hex')}\r\n`);
  });
  socket.write('BEGIN\r\n');
  const bus = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' };
  await call({ ...bus, member: 'Hello' });
  for (const name of names) await call({ ...bus, member: 'RequestName', signature: 'su', body: [name, 0] });
  return {
    emit: (at, name, member, signature, body) =>
      void send({ type: 4, path: at, interface: name, member, signature, body }),
    call,
    close: () => void socket.destroy(),
  };
}

const NOTIFICATIONS = 'org.freedesktop.Notifications';
const NOTIFICATIONS_PATH = '/org/freedesktop/Notifications';

/** What a notification server was asked to show. */
export type ShownOnBus = {
  readonly id: number;
  readonly replaces: number;
  readonly icon: string;
  readonly title: string;
  readonly body: string;
  /** key, label, key, label … */
  readonly actions: readonly string[];
  readonly hints: Readonly<Record<string, WireValue>>;
};

/** A notification server (Desktop Notifications Specification 1.2). */
export async function startNotificationServer(address: string, capabilities: readonly string[]) {
  const shown: ShownOnBus[] = [];
  const closed: number[] = [];
  let newest = 0;
  const peer = await joinBus(address, [NOTIFICATIONS], ({ member, body }) => {
    if (member === 'GetCapabilities') return { signature: 'as', body: [capabilities] };
    if (member === 'CloseNotification') {
      closed.push(body[0] as number);
      return {};
    }
    if (member !== 'Notify') return undefined;
    const [, replaces, icon, title, text, actions, hints] = body as [
      string,
      number,
      string,
      string,
      string,
      string[],
      [string, { value: WireValue }][],
    ];
    const id = replaces === 0 ? ++newest : replaces;
    const given = Object.fromEntries(hints.map(([key, { value }]) => [key, value]));
    shown.push({ id, replaces, icon, title, body: text, actions, hints: given });
    return { signature: 'u', body: [id] };
  });
  return {
    shown,
    closed,
    /** A person presses a button, or the notification itself: `default`. */
    press: (id: number, key: string) => peer.emit(NOTIFICATIONS_PATH, NOTIFICATIONS, 'ActionInvoked', 'us', [id, key]),
    dismiss: (id: number) => peer.emit(NOTIFICATIONS_PATH, NOTIFICATIONS, 'NotificationClosed', 'uu', [id, 2]),
    stop: peer.close,
  };
}

const WATCHER = 'org.kde.StatusNotifierWatcher';
const MENU = 'com.canonical.dbusmenu';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** A line of a menu as it is on the bus. */
export type MenuItemOnBus = { readonly id: number; readonly label: string; readonly enabled: boolean };

type Variant = { readonly value: WireValue };
type Node = readonly [id: number, properties: readonly [string, Variant][], children: readonly { value: Node }[]];

/** A desktop with a tray (StatusNotifierItem, with its menu by com.canonical.dbusmenu). */
export async function startTray(address: string) {
  let item: string | undefined;
  const peer = await joinBus(address, [WATCHER], ({ member, body, sender }) => {
    if (member === 'RegisterStatusNotifierItem') {
      const service = body[0] as string;
      item = service.startsWith('/') ? sender : service;
      return {};
    }
    // what is asked is whether a host is registered
    return member === 'Get' ? { signature: 'v', body: [{ signature: 'b', value: true }] } : undefined;
  });
  const property = async (name: string): Promise<WireValue> => {
    const at = { destination: item, path: '/StatusNotifierItem', interface: PROPERTIES };
    const { body } = await peer.call({
      ...at,
      member: 'Get',
      signature: 'ss',
      body: ['org.kde.StatusNotifierItem', name],
    });
    return (body[0] as Variant).value;
  };
  const menuPath = async (): Promise<string> => (await property('Menu')) as string;
  return {
    isThere: () => item !== undefined,
    async menu(): Promise<readonly MenuItemOnBus[]> {
      const at = { destination: item, path: await menuPath(), interface: MENU };
      const answer = await peer.call({ ...at, member: 'GetLayout', signature: 'iias', body: [0, -1, []] });
      const [, , children] = answer.body[1] as unknown as Node;
      return children.map(({ value: [id, properties] }) => {
        const given = Object.fromEntries(properties.map(([key, { value }]) => [key, value]));
        const label = given['type'] === 'separator' ? '—' : (given['label'] as string).replaceAll('__', '_');
        return { id, label, enabled: given['enabled'] !== false };
      });
    },
    async click(id: number): Promise<void> {
      const at = { destination: item, path: await menuPath(), interface: MENU };
      const nothing = { signature: 's', value: '' };
      await peer.call({ ...at, member: 'Event', signature: 'isvu', body: [id, 'clicked', nothing, 0] });
    },
    stop: peer.close,
  };
}
