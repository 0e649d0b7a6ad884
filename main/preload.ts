import { contextBridge, ipcRenderer } from 'electron';
import { pushes, type Push } from '../app/contract/channels.ts';

type Listener = (name: string, payload: unknown) => void;

const isPush = (name: unknown): name is Push => typeof name === 'string' && Object.hasOwn(pushes, name);
const listeners: Listener[] = [];
let unread = 0;

ipcRenderer.on('push', (_event, name: unknown, payload: unknown) => {
  const fits = isPush(name) && pushes[name].safeParse(payload).success;
  if (!fits) unread++;
  for (const listener of listeners) {
    if (fits) listener(name, payload);
    else listener('unread', unread);
  }
});

/**
 * All that a page can reach: ask a question of the table of channels, and listen to pushes. What may be asked is decided
 * in main (ipc.ts), where a page cannot tamper with it. A push that does not match its schema never reaches the page: it
 * is counted, and the page receives the count as `unread`.
 */
contextBridge.exposeInMainWorld('slowburn', {
  ask: (channel: string, payload?: unknown): Promise<unknown> => ipcRenderer.invoke('ask', channel, payload),
  onPush: (listener: Listener): void => void listeners.push(listener),
});
