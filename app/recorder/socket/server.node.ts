import fs from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelOf } from '../../contract/channels.ts';
import { text } from '../../core/i18n.ts';
import { err, messageOf, ok, type Result } from '../../core/result.ts';
import { openConnection, type Connection } from './connection.node.ts';
import { toLine } from './line-values.ts';
import { createNewestTick } from './newest-tick.ts';
import { forReaders } from './reader-settings.ts';
import { isTrusted, type Place } from './places.node.ts';
import { HEARTBEAT_MS, type FromRecorder, type Hello } from './wire.ts';

export type ServerOptions = {
  readonly places: readonly Place[];
  readonly hello: Omit<Hello, 'type' | 'may'>;
  readonly answer: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
  /** a place that could not be opened, or a client that was disconnected, in words */
  readonly log: (line: string) => void;
};

export type Push = Exclude<FromRecorder, { readonly type: 'hello' | 'heartbeat' | 'response' | 'bye' }>;

export type RecorderServer = {
  /** Tells every client that follows. Without clients only the newest is kept. */
  readonly tell: (push: Push) => void;
  /** where it answers; not all places can be opened everywhere */
  readonly paths: readonly string[];
  /** Says goodbye and removes the sockets. */
  readonly close: () => Promise<void>;
};

/** More clients at one socket than windows and terminals of a person, or of a lab that watches one machine. */
const MOST_CLIENTS = 64;
/** Clients that have not read the goodbye by then miss it. */
const GOODBYE_MS = 250;
const MODES = { 'user:control': 0o600, 'system:control': 0o600, 'system:read': 0o660, 'user:read': 0o600 } as const;

/** Removes what a killed recorder left. The caller has the folder's lock, so nothing answers there. */
function clear(place: Place): Result<undefined> {
  if (process.platform === 'win32' || !fs.lstatSync(place.path, { throwIfNoEntry: false })) return ok(undefined);
  if (!isTrusted(place)) return err('forbidden', text('socket.notOurs', { file: place.path }));
  fs.rmSync(place.path, { force: true });
  return ok(undefined);
}

/** Opens a socket whose rights are right from its first moment: `listen` makes the file before it returns. */
function listen(server: net.Server, { path: file, scope, may }: Place): Promise<Result<undefined>> {
  const mode = MODES[`${scope}:${may}`];
  return new Promise((resolve) => {
    server.once('error', (thrown) => resolve(err('write-failed', messageOf(thrown))));
    const before = process.umask(0o777 & ~mode);
    try {
      server.listen(file, () => resolve(ok(undefined)));
    } finally {
      process.umask(before);
    }
  });
}

/**
 * Answers clients of a recorder on its sockets. A client that is slow, silent or talks nonsense loses its connection, and
 * a socket that cannot be opened is noted in the log: recording continues in any case.
 */
export async function openServer({ places, hello, answer, log }: ServerOptions): Promise<RecorderServer> {
  const clients = new Set<Connection>();
  const newest = new Map<Push['type'], Push>();
  const newestTick = createNewestTick();
  const servers: net.Server[] = [];
  const paths: string[] = [];

  function welcome(socket: net.Socket, may: Place['may']): void {
    const connection: Connection = openConnection(socket, {
      hello: { type: 'hello', ...hello, may },
      newest: () => [...newest.values()].map(may === 'read' ? forReaders : (push) => push),
      answer,
      log,
      onEnd: () => clients.delete(connection),
    });
    clients.add(connection);
  }

  for (const place of places) {
    const server = net.createServer((socket) => welcome(socket, place.may));
    server.maxConnections = MOST_CLIENTS;
    const cleared = clear(place);
    const opened = cleared.ok ? await listen(server, place) : cleared;
    if (!opened.ok) {
      log(`No socket at ${place.path}: ${opened.error.message}`);
      continue;
    }
    server.on('error', (thrown) => log(`The socket ${place.path}: ${thrown.message}`));
    server.unref();
    servers.push(server);
    paths.push(place.path);
  }

  const beat = setInterval(() => {
    if (clients.size === 0) return;
    const line = toLine({ type: 'heartbeat' });
    for (const client of clients) client.beat(line);
  }, HEARTBEAT_MS);
  beat.unref();

  return {
    paths,
    tell(push) {
      // a new client receives the state, not what happened before it came
      if (push.type === 'alerts') newest.set('alerts', { ...push, told: [], cleared: [] });
      else if (push.type === 'tick') newest.set('tick', { ...push, tick: newestTick(push.tick) });
      else if (STATES.has(push.type)) newest.set(push.type, push);
      const lines = new Map<Push, string>();
      for (const client of clients) {
        if (!client.follows()) continue;
        const told = client.may === 'read' ? forReaders(push) : push;
        if (!lines.has(told)) lines.set(told, toLine(told));
        client.push(push.type, lines.get(told)!);
      }
    },
    async close() {
      clearInterval(beat);
      for (const server of servers) server.close();
      if (process.platform !== 'win32') for (const file of paths) fs.rmSync(file, { force: true });
      for (const client of clients) client.leave('stopping', text('socket.stopping'));
      // a timer that keeps the process: with the sockets alone it would end here, before the history is closed
      const endMs = performance.now() + GOODBYE_MS;
      while (clients.size > 0 && performance.now() < endMs) await sleep(5);
      for (const client of clients) client.end();
    },
  };
}

/** Pushes of which a new client gets the newest, besides ticks and alerts. */
const STATES: ReadonlySet<Push['type']> = new Set(['settings', 'prices', 'notice', 'cost']);
