import { app, session, type WebContents } from 'electron';
import { ORIGIN } from './protocol.ts';

/** Where pages may come from: our own scheme. With a development server, that server too. */
export type AllowedOrigins = readonly string[];

export const isAllowed = (url: string, origins: AllowedOrigins): boolean =>
  origins.some((origin) => url === origin || url.startsWith(`${origin}/`));

/**
 * Electron's security checklist, for every page that will ever exist: no permission is granted, nothing navigates away,
 * no window opens, no webview attaches, and the session sends nothing to a network.
 */
export function hardenSessions(origins: AllowedOrigins = [ORIGIN]): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  defaultSession.setPermissionCheckHandler(() => false);
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.webRequest.onBeforeRequest((details, answer) => {
    const own = isAllowed(details.url, origins) || /^(devtools|data|blob):/.test(details.url);
    answer({ cancel: !own && !origins.some((origin) => details.url.startsWith(origin.replace(/^http/, 'ws'))) });
  });
  defaultSession.setSpellCheckerEnabled(false);

  app.on('web-contents-created', (_event, contents: WebContents) => {
    contents.on('will-navigate', (event) => {
      if (!isAllowed(event.url, origins)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => {
      if (!isAllowed(event.url, origins)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}
