import { channels, type ChannelOf } from '../../contract/channels.ts';
import { text } from '../../core/i18n.ts';
import { err, ok, type AppError, type Err, type Result } from '../../core/result.ts';
import { resultOf } from '../../core/schema.ts';
import type { Attached, AttachEvents } from './attached.ts';
import { openLink, type Link } from './link.node.ts';
import type { Place } from './places.node.ts';
import type { FromRecorder, Hello } from './wire.ts';

export type AttachOptions = {
  /** where to look, best first; called again for each attempt, because a recorder that restarts may have another place */
  readonly find: () => readonly Place[];
  readonly events: AttachEvents;
  /** false: only questions, no pushes */
  readonly follow?: boolean;
};

const RETRY_MS = 300;
const ANSWER_MS = 120_000;

/** Hands a push to whoever listens for it. */
function deliver(message: FromRecorder, events: AttachEvents): void {
  switch (message.type) {
    case 'tick':
      return events.onTick?.({ ...message.tick, dtMs: message.tick.dtMs });
    case 'alerts':
      return events.onAlerts?.(message.firing, message.told, message.cleared);
    case 'sessions':
      return events.onSessions?.();
    case 'notice':
      return events.onNotice?.(message.notice);
    case 'action':
      return events.onAction?.(message.action);
    case 'cost':
      return events.onCost?.(message.cost);
    case 'prices':
      return events.onPrices?.(message.book);
    case 'job':
      return events.onJob?.(message.job);
    case 'settings':
      return events.onSettings?.(message.settings);
    default:
      return undefined; // about the connection itself
  }
}

const gone = (): Err => err('not-ready', text('socket.lost'), text('socket.lostNext'));
const notThere = (): Err => err('not-found', text('socket.none'), text('socket.noneNext'));

/** Connects to the first place that answers. The error is that of the last one, or that there is none. */
async function openFirst(places: readonly Place[], follow: boolean, on: Parameters<typeof openLink>[2]) {
  let failed: Err = notThere();
  for (const place of places) {
    const opened = await openLink(place, follow, on);
    if (opened.ok) return opened;
    failed = opened;
  }
  return failed;
}

/**
 * Attaches to a recorder in another process. Once attached, a connection that is lost is tried again every 0.3 s, so that
 * a recorder that restarts has its clients back within two seconds. An error: no recorder answers, it may not be opened,
 * or it speaks another version of the protocol (`other-version`), with what to do.
 */
export async function attach({ find, events, follow = true }: AttachOptions): Promise<Result<Attached>> {
  const asked = new Map<number, (result: Result<unknown>) => void>();
  let nextId = 0;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  function answerAll(error: AppError): void {
    for (const resolve of asked.values()) resolve({ ok: false, error });
    asked.clear();
  }

  const on = {
    onMessage(message: FromRecorder): void {
      if (message.type !== 'response') return deliver(message, events);
      asked.get(message.id)?.(message.result);
      asked.delete(message.id);
    },
    onUnread: (why: string) => events.onUnread?.(why),
    onEnd(error: AppError): void {
      link = undefined;
      answerAll(error);
      if (closed) return;
      events.onLost?.(error);
      retry = setTimeout(() => void again(), RETRY_MS);
    },
  };

  /** An attempt that fails is silent: `onLost` has said that the connection is gone. */
  async function again(): Promise<void> {
    const opened = await openFirst(find(), follow, on);
    if (closed) return opened.ok ? opened.value.close() : undefined;
    if (!opened.ok) return void (retry = setTimeout(() => void again(), RETRY_MS));
    take(opened.value);
  }

  let link: Link | undefined;
  let hello: Hello;
  function take(opened: Link): void {
    link = opened;
    hello = opened.hello;
    events.onAttached?.(hello);
    opened.start();
  }

  const first = await openFirst(find(), follow, on);
  if (!first.ok) return first;
  take(first.value);

  return ok({
    hello: () => hello,
    isConnected: () => link !== undefined,
    ask(channel: ChannelOf<'collector'>, payload: unknown) {
      if (!link) return Promise.resolve(gone());
      const id = nextId++;
      link.send({ type: 'request', id, channel, payload });
      return new Promise<Result<unknown>>((resolve) => {
        const timer = setTimeout(() => {
          asked.delete(id);
          resolve(err('timeout', text('main.recorder.noAnswer')));
        }, ANSWER_MS);
        asked.set(id, (result) => {
          clearTimeout(timer);
          const checked = resultOf(channels[channel].response).safeParse(result);
          resolve(checked.success ? checked.data : err('internal', text('main.recorder.malformed', { channel })));
        });
      });
    },
    close() {
      closed = true;
      clearTimeout(retry);
      link?.close();
      link = undefined;
      answerAll(gone().error); // a question that waits for its deadline would keep the process
    },
  });
}
