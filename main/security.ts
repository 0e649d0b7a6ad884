import { app, session, type WebContents } from 'electron';
import { ORIGIN } from './protocol.ts';

/** Whether an address is one of the application's own pages or files. */
export const isOwn = (url: string): boolean => url.startsWith(`${ORIGIN}/`);

/**
 * Electron's security checklist, for every page that will ever exist: no permission is granted, nothing navigates away,
 * no window opens, no webview attaches, and the session sends nothing to a network.
 */
export function hardenSessions(): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  defaultSession.setPermissionCheckHandler(() => false);
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) => {
    answer({ cancel: !isOwn(url) && !/^(devtools|data|blob):/.test(url) });
  });
  defaultSession.setSpellCheckerEnabled(false);

  app.on('web-contents-created', (_event, contents: WebContents) => {
    contents.on('will-navigate', (event) => {
      if (!isOwn(event.url)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => {
      if (!isOwn(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}
