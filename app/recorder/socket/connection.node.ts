import type { Socket } from 'node:net';
import { channels, type ChannelOf } from '../../contract/channels.ts';
import { text } from '../../core/i18n.ts';
import { err, messageOf, type Result } from '../../core/result.ts';
import { createAllowance } from './allowance.ts';
import { fromLine, toLine } from './line-values.ts';
import { createLineReader } from './lines.node.ts';
import type { Push } from './server.node.ts';
import {
  fromClient,
  HELLO_WITHIN_MS,
  LONGEST_ANSWER_BYTES,
  LONGEST_REQUEST_BYTES,
  mayAsk,
  PROTOCOL,
  type FromClient,
  type FromRecorder,
  type Hello,
} from './wire.ts';

export type Connection = {
  readonly may: Hello['may'];
  /** it has introduced itself and wants pushes */
  readonly follows: () => boolean;
  /** Sends a push, unless so much waits for this client that it would only grow. */
  readonly push: (type: Push['type'], line: string) => void;
  /** Sends a heartbeat, and ends a client that does not read. */
  readonly beat: (line: string) => void;
  readonly leave: (why: 'stopping' | 'refused', message: string) => void;
  readonly end: () => void;
};

export type ConnectionOptions = {
  readonly hello: Hello;
  /** what a new client receives at once */
  readonly newest: () => readonly Push[];
  readonly answer: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  readonly log: (line: string) => void;
  readonly onEnd: () => void;
};

/** Questions that one client may have open. The window's busiest page asks about a dozen. */
const MOST_OPEN = 64;
/** With this much unread, a client gets no more ticks, and its next questions wait. */
const BEHIND_BYTES = 1024 * 1024;
/** With this much unread, or unread for this long, it is disconnected: it does not read. */
const LOST_BYTES = LONGEST_ANSWER_BYTES;
const LOST_MS = 20_000;
/** Ticks, costs and the progress of jobs are replaced by the next one; everything else is sent once. */
const REPLACEABLE: ReadonlySet<Push['type']> = new Set(['tick', 'cost', 'job']);
const LONGEST_GOODBYE_MS = 1_000;
/** A client cannot have the driver read at any rate: so many samples at once, then so many per second. */
const SAMPLES = { most: 8, perSecond: 2 };

const isChannel = (name: string): name is ChannelOf<'collector'> =>
  Object.hasOwn(channels, name) && channels[name as keyof typeof channels].by === 'collector';

/** One client of a recorder. */
export function openConnection(socket: Socket, options: ConnectionOptions): Connection {
  const { hello, newest, answer, log, onEnd } = options;
  let greeted: { readonly follow: boolean } | undefined;
  let open = 0;
  let unreadSinceMs: number | undefined;
  const samples = createAllowance(SAMPLES.most, SAMPLES.perSecond);

  const introduction = setTimeout(() => leave('refused', text('socket.noHello')), HELLO_WITHIN_MS);
  introduction.unref();
  socket.unref();

  function write(line: string): void {
    if (!socket.writable) return;
    if (socket.writableLength + line.length > LOST_BYTES) return drop('it does not read');
    if (!socket.write(`${line}\n`)) unreadSinceMs ??= performance.now();
    if (socket.writableLength > BEHIND_BYTES) socket.pause(); // its questions wait until it has read the answers
  }
  const send = (message: FromRecorder): void => write(toLine(message));

  /** Its fault; the recorder is not affected. */
  function drop(why: string): void {
    log(`A client was disconnected: ${why}.`);
    socket.destroy();
  }

  function leave(why: 'stopping' | 'refused', message: string): void {
    send({ type: 'bye', why, message });
    socket.end();
    setTimeout(() => socket.destroy(), LONGEST_GOODBYE_MS).unref();
  }

  function greet({ protocol, follow }: Extract<FromClient, { type: 'hello' }>): void {
    clearTimeout(introduction);
    if (protocol !== PROTOCOL) return leave('refused', text('socket.otherProtocol', { version: hello.version }));
    greeted = { follow };
    if (follow) for (const push of newest()) send(push);
  }

  async function answered(channel: string, payload: unknown): Promise<Result<unknown>> {
    if (!isChannel(channel)) return err('not-found', text('socket.noChannel', { channel }), text('socket.restart'));
    if (!mayAsk(hello.may, channel)) return err('forbidden', text('socket.readOnly'), text('socket.readOnlyNext'));
    if (channel === 'sample.take' && !samples.take(performance.now()))
      return err('busy', text('main.ipc.busy', { channel }), text('main.ipc.busyNext'));
    try {
      return await answer(channel, payload);
    } catch (thrown) {
      return err('internal', text('main.ipc.failed', { channel, why: messageOf(thrown) }));
    }
  }

  async function reply({ id, channel, payload }: Extract<FromClient, { type: 'request' }>): Promise<void> {
    if (open >= MOST_OPEN) {
      const error = err('busy', text('main.ipc.busy', { channel }), text('main.ipc.busyNext'));
      return send({ type: 'response', id, result: error });
    }
    open++;
    const result = await answered(channel, payload);
    open--;
    const line = toLine({ type: 'response', id, result });
    if (line.length <= LONGEST_ANSWER_BYTES) return write(line);
    send({ type: 'response', id, result: err('too-large', text('socket.tooLarge'), text('socket.tooLargeNext')) });
  }

  function take(line: string): void {
    let message: FromClient;
    try {
      message = fromClient.parse(fromLine(line));
      if ((message.type === 'hello') === (greeted !== undefined)) throw new Error('out of order');
    } catch {
      return drop('it sent what is no message');
    }
    if (message.type === 'hello') greet(message);
    else void reply(message);
  }

  socket.on(
    'data',
    createLineReader(
      LONGEST_REQUEST_BYTES,
      (line) => {
        if (!socket.destroyed) take(line);
      },
      () => drop('it sent a line that is too long'),
    ),
  );
  socket.on('drain', () => {
    unreadSinceMs = undefined;
    socket.resume();
  });
  socket.on('error', () => undefined); // `close` follows
  socket.on('close', () => {
    clearTimeout(introduction);
    onEnd();
  });
  send(hello);

  return {
    may: hello.may,
    follows: () => greeted?.follow === true,
    push(type, line) {
      if (REPLACEABLE.has(type) && socket.writableLength > BEHIND_BYTES) return;
      write(line);
    },
    beat(line) {
      if (unreadSinceMs !== undefined && performance.now() - unreadSinceMs > LOST_MS) drop('it does not read');
      else if (socket.writableLength < BEHIND_BYTES) write(line);
    },
    leave,
    end: () => void socket.destroy(),
  };
}
