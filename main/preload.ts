import { contextBridge, ipcRenderer } from 'electron';

/**
 * All that a page can reach: ask a question of the table of channels, and listen to pushes. What may be asked is decided
 * in main (ipc.ts), where a page cannot tamper with it.
 */
contextBridge.exposeInMainWorld('slowburn', {
  ask: (channel: string, payload?: unknown): Promise<unknown> => ipcRenderer.invoke('ask', channel, payload),
  onPush: (listener: (name: string, payload: unknown) => void): void => {
    ipcRenderer.on('push', (_event, name: string, payload: unknown) => listener(name, payload));
  },
});
