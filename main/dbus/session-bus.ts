import net from 'node:net';
import { text } from '../../app/core/i18n.ts';
import { err, messageOf, ok, type Result } from '../../app/core/result.ts';
import { decodeMessage, encodeMessage, messageLength, messageTypes, type WireMessage, type WireValue } from './wire.ts';

/** What is called, or where a signal comes from. */
export type BusObject = { readonly destination: string; readonly path: string; readonly interface: string };

export type SessionBus = {
  /** Calls a method. An error says what the bus or the other program answered, or that there was no answer. */
  readonly call: (
    object: BusObject,
    member: string,
    signature?: string,
    body?: readonly WireValue[],
  ) => Promise<Result<readonly WireValue[]>>;
  /** Hears the signals of an object, of the program that owns its name alone. */
  readonly listen: (
    object: BusObject,
    onSignal: (member: string, body: readonly WireValue[]) => void,
  ) => Promise<Result<undefined>>;
  readonly isOpen: () => boolean;
  readonly close: () => void;
};

const BUS: BusObject = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
};
const CONNECT_MS = 2_000;
const ANSWER_MS = 5_000;

/**
 * The socket of the session's bus: a path, of DBUS_SESSION_BUS_ADDRESS or where systemd has it. Undefined: there is none.
 * Other addresses (abstract sockets, TCP) are not used by today's systems.
 */
export function sessionBusSocket(environment: NodeJS.ProcessEnv): string | undefined {
  const { DBUS_SESSION_BUS_ADDRESS: addresses, XDG_RUNTIME_DIR: folder } = environment;
  if (!addresses) return folder ? `${folder}/bus` : undefined;
  for (const address of addresses.split(';')) {
    const path = /^unix:(?:.*,)?path=([^,]*)/.exec(address)?.[1];
    if (path) return decodeURIComponent(path);
  }
  return undefined;
}

/** Connects to the session's bus and says hello. */
export async function openSessionBus(environment: NodeJS.ProcessEnv): Promise<Result<SessionBus>> {
  const socketPath = sessionBusSocket(environment);
  if (socketPath === undefined) return err('not-found', text('main.bus.none'));
  const socket = net.connect(socketPath);
  const entered = await enter(socket);
  if (!entered.ok) {
    socket.destroy();
    return entered;
  }
  const bus = talk(socket, entered.value);
  const greeted = await bus.call(BUS, 'Hello');
  if (greeted.ok) return ok(bus);
  bus.close();
  return greeted;
}

/** Names this user to the bus (SASL EXTERNAL: the socket itself proves it). @returns bytes that came after the welcome */
function enter(socket: net.Socket): Promise<Result<Buffer>> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0);
    const end = (result: Result<Buffer>): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('error', onError).off('close', onClose);
      resolve(result);
    };
    const refuse = (why: string): void => end(err('not-ready', text('main.bus.refused', { why })));
    const onError = (error: Error): void => refuse(messageOf(error));
    const onClose = (): void => refuse(text('main.bus.closed'));
    const onData = (piece: Buffer): void => {
      heard = Buffer.concat([heard, piece]);
      const line = heard.indexOf('\r\n');
      if (line < 0) return heard.length > 4096 ? refuse(text('main.bus.closed')) : undefined;
      const welcome = heard.toString('latin1', 0, line);
      if (!welcome.startsWith('OK ')) return refuse(welcome);
      socket.write('BEGIN\r\n');
      end(ok(heard.subarray(line + 2)));
    };
    const timer = setTimeout(() => refuse(text('main.bus.silent')), CONNECT_MS);
    socket.on('data', onData).on('error', onError).on('close', onClose);
    const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
    socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
  });
}

/** Calls and signals on a connection that has been let in. */
function talk(socket: net.Socket, first: Buffer): SessionBus {
  let bytes = first;
  let serial = 0;
  let open = true;
  const waiting = new Map<number, (answer: Result<readonly WireValue[]>) => void>();
  const listeners: {
    path: string;
    interface: string;
    onSignal: (member: string, body: readonly WireValue[]) => void;
  }[] = [];

  function end(): void {
    open = false;
    socket.destroy();
    for (const answer of waiting.values()) answer(err('not-ready', text('main.bus.closed')));
    waiting.clear();
  }

  function take(message: WireMessage): void {
    const { type, replySerial = 0, member = '', body } = message;
    const answer = waiting.get(replySerial);
    if (type === messageTypes.reply) answer?.(ok(body));
    if (type === messageTypes.error) {
      const why = typeof body[0] === 'string' ? body[0] : undefined;
      answer?.(err('not-ready', [message.errorName, why].filter(Boolean).join(': ')));
    }
    if (type !== messageTypes.signal) return;
    for (const one of listeners)
      if (one.path === message.path && one.interface === message.interface) one.onSignal(member, body);
  }

  function readAll(): void {
    for (;;) {
      const length = messageLength(bytes);
      if (length === undefined || bytes.length < length) return;
      const message = bytes.subarray(0, length);
      bytes = bytes.subarray(length);
      take(decodeMessage(message));
    }
  }

  socket.on('data', (piece: Buffer) => {
    bytes = Buffer.concat([bytes, piece]);
    try {
      readAll();
    } catch {
      end(); // what is no message cannot be skipped: where the next one begins is not known
    }
  });
  socket.on('error', end).on('close', end);

  const call: SessionBus['call'] = (object, member, signature, body = []) =>
    new Promise((resolve) => {
      if (!open) return resolve(err('not-ready', text('main.bus.closed')));
      const own = ++serial;
      const finish = (answer: Result<readonly WireValue[]>): void => {
        clearTimeout(timer);
        waiting.delete(own);
        resolve(answer);
      };
      const timer = setTimeout(() => finish(err('timeout', text('main.bus.silent'))), ANSWER_MS);
      waiting.set(own, finish);
      socket.write(encodeMessage({ ...object, type: messageTypes.call, serial: own, member, signature, body }));
    });

  return {
    call,
    async listen({ destination, path, interface: name }, onSignal) {
      listeners.push({ path, interface: name, onSignal });
      // the bus checks the sender: another program cannot press our buttons
      const rule = `type='signal',sender='${destination}',path='${path}',interface='${name}'`;
      const added = await call(BUS, 'AddMatch', 's', [rule]);
      return added.ok ? ok(undefined) : added;
    },
    isOpen: () => open,
    close: end,
  };
}

/** Whether some program owns a name on the bus. */
export async function hasOwner(bus: Pick<SessionBus, 'call'>, name: string): Promise<boolean> {
  const answer = await bus.call(BUS, 'NameHasOwner', 's', [name]);
  return answer.ok && answer.value[0] === true;
}
