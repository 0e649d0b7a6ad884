import { useSyncExternalStore } from 'react';
import type { ChannelOf, channels, Push, PushOf, RequestOf, ResponseOf } from '../app/contract/channels.ts';
import type { Result } from '../app/core/result.ts';

/** What the preload gives to the page (main/preload.ts). */
type Bridge = {
  readonly ask: (channel: string, payload?: unknown) => Promise<unknown>;
  /** A push that does not match its schema comes as `unread`, with the number of those so far. */
  readonly onPush: (listener: (name: string, payload: unknown) => void) => void;
};

declare global {
  interface Window {
    readonly slowburn: Bridge;
  }
}

type OpenChannel = {
  [C in ChannelOf<'main' | 'collector'>]: (typeof channels)[C] extends { private: true } ? never : C;
}[ChannelOf<'main' | 'collector'>];

type Question<C extends OpenChannel> = RequestOf<C> extends undefined ? [] : [request: RequestOf<C>];

/** Asks a question of the table of channels. Never rejects: what goes wrong is in the Result. */
export const ask = <C extends OpenChannel>(channel: C, ...[request]: Question<C>): Promise<Result<ResponseOf<C>>> =>
  window.slowburn.ask(channel, request) as Promise<Result<ResponseOf<C>>>;

type Listener = (payload: never) => void;
const listeners = new Map<string, Set<Listener>>();
const NONE: ReadonlySet<Listener> = new Set();

let unread = 0;
const unreadListeners = new Set<() => void>();

window.slowburn.onPush((name, payload) => {
  if (name === 'unread') {
    unread = payload as number;
    for (const listener of unreadListeners) listener();
    return;
  }
  for (const listener of listeners.get(name) ?? NONE) {
    try {
      listener(payload as never);
    } catch (thrown) {
      reportError(thrown); // the window's error event: the other listeners still hear of the push
    }
  }
});

/** Listens to one kind of push. Returns a function that ends it. */
export function onPush<P extends Push>(name: P, listener: (payload: PushOf<P>) => void): () => void {
  const all = listeners.get(name) ?? new Set();
  listeners.set(name, all);
  all.add(listener);
  return () => all.delete(listener);
}

const onUnread = (listener: () => void): (() => void) => {
  unreadListeners.add(listener);
  return () => unreadListeners.delete(listener);
};

/** How many pushes since the page was loaded did not match their schema and were left out. */
export const useUnread = (): number => useSyncExternalStore(onUnread, () => unread);

export type { OpenChannel };
