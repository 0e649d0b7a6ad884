import { app, session, type Session, type WebContents } from 'electron';
import { ORIGIN } from './protocol.ts';

/** Whether an address is one of the application's own pages or files. */
export const isOwn = (url: string): boolean => url.startsWith(`${ORIGIN}/`);

/**
 * A proxy that does not exist. Requests are cancelled before they reach it; it stops what is not a request, such as
 * WebRTC over TCP. Chromium connects to loopback without any proxy unless `<-loopback>` says otherwise.
 */
const NO_NETWORK = {
  mode: 'fixed_servers',
  proxyRules: 'socks5://127.0.0.1:9',
  proxyBypassRules: '<-loopback>',
} as const;

/** Grants no permission, downloads nothing and sends nothing to a network. */
async function harden(opened: Session): Promise<void> {
  opened.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  opened.setPermissionCheckHandler(() => false);
  opened.setDevicePermissionHandler(() => false);
  opened.webRequest.onBeforeRequest(({ url }, answer) => {
    answer({ cancel: !isOwn(url) && !/^(devtools|data|blob):/.test(url) });
  });
  opened.on('will-download', (event) => event.preventDefault());
  opened.setSpellCheckerEnabled(false);
  await opened.setProxy(NO_NETWORK);
}

/** Navigates nowhere, opens no window, attaches no webview, and sends no packet from WebRTC. */
function hardenContents(contents: WebContents): void {
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  contents.on('will-navigate', (event) => {
    if (!isOwn(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    if (!isOwn(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/**
 * Before the application is ready: turns names off. Chromium resolves the names of `dns-prefetch` links past every filter
 * and proxy, and WebRTC listens on the multicast port of mDNS to give the machine a name.
 */
export function useNoNames(): void {
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  app.commandLine.appendSwitch('disable-features', 'WebRtcHideLocalIpsWithMdns');
}

/**
 * Electron's security checklist, for every session and every page of this process. Call it when the application is
 * ready and wait for it before the first page is opened.
 */
export async function hardenSessions(): Promise<void> {
  app.on('web-contents-created', (_event, contents) => hardenContents(contents));
  app.on('session-created', (created) => void harden(created));
  await harden(session.defaultSession);
}
