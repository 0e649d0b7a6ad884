import { ipcRenderer } from 'electron';

/** What this file needs of the page it stands before. */
type Page = {
  readonly document: { readonly readyState: string };
  readonly postMessage: (message: string, origin: string, ports: readonly unknown[]) => void;
  readonly addEventListener: (event: 'load', listener: () => void) => void;
};
const page = globalThis as unknown as Page;

/** Hands the page its one port; nothing of Electron reaches it. */
ipcRenderer.on('burn', ({ ports }) => {
  const hand = (): void => page.postMessage('burn', '*', [...(ports as readonly unknown[])]);
  if (page.document.readyState === 'complete') hand();
  else page.addEventListener('load', hand);
});
