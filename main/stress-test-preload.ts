import { ipcRenderer } from 'electron';

/** What this file needs of the page that it is loaded into. */
type Page = {
  readonly document: { readonly readyState: string };
  readonly postMessage: (message: string, origin: string, ports: readonly unknown[]) => void;
  readonly addEventListener: (event: 'load', listener: () => void) => void;
};
const page = globalThis as unknown as Page;

/** Gives the page its one port; no function of Electron reaches the page. */
ipcRenderer.on('stressTest', ({ ports }) => {
  const hand = (): void => page.postMessage('stressTest', '*', [...(ports as readonly unknown[])]);
  if (page.document.readyState === 'complete') hand();
  else page.addEventListener('load', hand);
});
