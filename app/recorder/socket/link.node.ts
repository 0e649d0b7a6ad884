import net from 'node:net';
import { text } from '../../core/i18n.ts';
import { err, ok, type AppError, type Err, type Result } from '../../core/result.ts';
import { fromLine, toLine } from './line-values.ts';
import { createLineReader } from './lines.node.ts';
import { isTrusted, type Place } from './places.node.ts';
import { version } from './version.ts';
import {
  anyHello,
  fromRecorder,
  HEARTBEAT_MS,
  LONGEST_ANSWER_BYTES,
  PROTOCOL,
  type FromClient,
  type FromRecorder,
  type Hello,
} from './wire.ts';

/** One connection to a recorder, past its introduction. */
export type Link = {
  readonly hello: Hello;
  /** Begins to deliver what has arrived and arrives. */
  readonly start: () => void;
  readonly send: (message: FromClient) => void;
  readonly close: () => void;
};

export type LinkEvents = {
  readonly onMessage: (message: FromRecorder) => void;
  /** a line that does not fit its schema; the connection stays */
  readonly onUnread: (why: string) => void;
  /** after a link was opened: it ended, for this reason */
  readonly onEnd: (error: AppError) => void;
};

/** A recorder says hello at once, and then sends a heartbeat: three of them are missing. */
const SILENT_MS = 3 * HEARTBEAT_MS;

/** Why a place could not be opened, in words with the next step. */
function refused({ path: file, may }: Place, thrown: NodeJS.ErrnoException): Err {
  if (thrown.code === 'EACCES' || thrown.code === 'EPERM')
    return err('forbidden', text('socket.noRight', { file }), text(`socket.noRightNext.${may}`));
  return err('not-found', text('socket.none'), text('socket.noneNext'));
}

/** The recorder's introduction, checked in two steps: one of another protocol has other fields. */
function introduced(value: unknown): Result<Hello> {
  const any = anyHello.safeParse(value).data;
  if (any && any.protocol !== PROTOCOL) {
    const versions = { recorder: any.version, own: version, pid: any.pid };
    return err('other-version', text('socket.otherVersion', versions), text('socket.restart'));
  }
  const hello = fromRecorder.safeParse(value).data;
  return hello?.type === 'hello' ? ok(hello) : nonsense();
}

/** Connects to a recorder's socket and introduces this process. Resolves after the recorder's introduction. */
export function openLink(place: Place, follow: boolean, events: LinkEvents): Promise<Result<Link>> {
  if (!isTrusted(place)) return Promise.resolve(refused(place, {} as NodeJS.ErrnoException));
  return new Promise((resolve) => {
    const socket = net.connect(place.path);
    let opened = false;
    let ended = false;
    let why: Err | undefined;
    /** what arrives before `start`; undefined: it has been called */
    let waiting: FromRecorder[] | undefined = [];

    function end(error: Err): void {
      if (ended) return;
      ended = true;
      clearTimeout(silence);
      socket.destroy();
      if (opened) events.onEnd(error.error);
      else resolve(error);
    }
    const silence = setTimeout(() => end(err('timeout', text('socket.silent'), text('socket.silentNext'))), SILENT_MS);

    function open(hello: Hello): void {
      opened = true;
      send({ type: 'hello', protocol: PROTOCOL, version, follow });
      resolve(
        ok({
          hello,
          start() {
            const arrived = waiting ?? [];
            waiting = undefined;
            arrived.forEach(deliver);
          },
          send,
          close() {
            ended = true;
            clearTimeout(silence);
            socket.end();
            socket.unref();
          },
        }),
      );
    }
    const send = (message: FromClient): void => void socket.write(`${toLine(message)}\n`);

    function deliver(message: FromRecorder): void {
      if (message.type === 'bye')
        why = err('not-ready', message.message, message.why === 'refused' ? text('socket.restart') : undefined);
      else if (waiting) waiting.push(message);
      else events.onMessage(message);
    }

    function take(line: string): void {
      if (ended) return;
      silence.refresh();
      let value: unknown;
      try {
        value = fromLine(line);
      } catch {
        return end(nonsense());
      }
      if (!opened) {
        const hello = introduced(value);
        return hello.ok ? open(hello.value) : end(hello);
      }
      const parsed = fromRecorder.safeParse(value);
      if (parsed.success) return deliver(parsed.data);
      const [issue] = parsed.error.issues;
      events.onUnread(`${issue?.path.join('.')}: ${issue?.message}`);
    }

    socket.on(
      'data',
      createLineReader(LONGEST_ANSWER_BYTES, take, () => end(nonsense())),
    );
    socket.on('error', (thrown) => end(opened ? (why ?? lost()) : refused(place, thrown)));
    socket.on('close', () => end(why ?? lost()));
  });
}

const nonsense = (): Err => err('internal', text('socket.nonsense'));
const lost = (): Err => err('not-ready', text('socket.lost'), text('socket.lostNext'));
