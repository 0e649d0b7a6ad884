import { ipcMain, type BrowserWindow, type IpcMainInvokeEvent } from 'electron';
import {
  channels,
  checkRequest,
  type Channel,
  type ChannelOf,
  type Push,
  type PushOf,
  type RequestOf,
  type ResponseOf,
} from '../app/contract/channels.ts';
import { text } from '../app/core/i18n.ts';
import { err, messageOf, type Result } from '../app/core/result.ts';
import { createInFlight } from './in-flight.ts';
import { isOwn } from './security.ts';
import { logFault } from './log.ts';

export type MainHandlers = {
  readonly [C in ChannelOf<'main'>]: (request: RequestOf<C>) => Promise<Result<ResponseOf<C>>> | Result<ResponseOf<C>>;
};

export type IpcOptions = {
  readonly window: () => BrowserWindow | undefined;
  readonly handlers: MainHandlers;
  readonly askCollector: (channel: ChannelOf<'collector'>, payload: unknown) => Promise<Result<unknown>>;
};

const isOpenChannel = (name: unknown): name is Channel =>
  typeof name === 'string' && Object.hasOwn(channels, name) && !('private' in channels[name as Channel]);

/**
 * Answers the questions of the window. Checked in this order: the sender is our window's own page, the channel exists, not
 * too many of its questions are open, and the question fits its schema (the collector checks its own). Then the handler runs. Every question is answered with a Result.
 */
export function serveWindow({ window, handlers, askCollector }: IpcOptions): void {
  const isOurs = ({ sender, senderFrame }: IpcMainInvokeEvent): boolean =>
    sender === window()?.webContents && senderFrame === sender.mainFrame && isOwn(senderFrame.url);

  async function answer(name: Channel, payload: unknown): Promise<Result<unknown>> {
    if (channels[name].by === 'collector') return askCollector(name as ChannelOf<'collector'>, payload);
    const request = checkRequest(name as ChannelOf<'main'>, payload);
    if (!request.ok) return request;
    const handler = handlers[name as ChannelOf<'main'>] as (
      request: unknown,
    ) => Promise<Result<unknown>> | Result<unknown>;
    return handler(request.value);
  }

  const inFlight = createInFlight();
  ipcMain.handle('ask', async (event, name: unknown, payload: unknown): Promise<Result<unknown>> => {
    if (!isOurs(event)) return err('forbidden', text('main.ipc.forbidden'));
    if (!isOpenChannel(name)) return err('invalid-request', text('main.ipc.unknown'));
    try {
      return await inFlight(name, () => answer(name, payload));
    } catch (thrown) {
      logFault(thrown);
      return err('internal', text('main.ipc.failed', { channel: name, why: messageOf(thrown) }));
    }
  });
}

/** Pushes that are only drawn. A hidden window does not need them: it asks for the newest when it is shown again. */
const DRAWN: readonly Push[] = ['tick', 'cost'];

/** Sends a push to the window, if there is one. */
export function pushTo<P extends Push>(window: BrowserWindow | undefined, name: P, payload: PushOf<P>): void {
  if (!window || window.isDestroyed()) return;
  if (DRAWN.includes(name) && (!window.isVisible() || window.isMinimized())) return;
  window.webContents.send('push', name, payload);
}
