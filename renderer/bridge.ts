import type { ChannelOf, channels, Push, PushOf, RequestOf, ResponseOf } from '../app/contract/channels.ts';
import type { Result } from '../app/core/result.ts';

/** What the preload gives to the page (main/preload.ts). */
type Bridge = {
  readonly ask: (channel: string, payload?: unknown) => Promise<unknown>;
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

const listeners = new Map<string, Set<(payload: never) => void>>();
window.slowburn.onPush((name, payload) => {
  for (const listener of listeners.get(name) ?? []) listener(payload as never);
});

/** Listens to one kind of push. Returns a function that ends it. */
export function onPush<P extends Push>(name: P, listener: (payload: PushOf<P>) => void): () => void {
  const all = listeners.get(name) ?? new Set();
  listeners.set(name, all);
  all.add(listener);
  return () => all.delete(listener);
}

export type { OpenChannel };
