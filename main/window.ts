import path from 'node:path';
import { BrowserWindow, nativeTheme } from 'electron';
import type { AlertName } from '../app/alerts/schema.ts';
import type { PageId } from '../app/contract/pages.ts';
import type { Settings } from '../app/settings/settings.ts';
import { ORIGIN } from './protocol.ts';

const BACKGROUND = { dark: '#14161a', light: '#f6f7f9' } as const; // as in renderer/theme.css: no flash while loading

export type WindowOptions = {
  readonly preload: string;
  readonly icon: string;
  /** minimised: it can be opened from the task bar where the desktop shows no tray */
  readonly as: 'shown' | 'minimised';
  /** of the address: the page, and what to look at on it */
  readonly fragment: string;
};

/** The fragment of an address, as the page reads it (renderer/pages/pages.ts, renderer/alerts/looked-at.ts). */
export function fragmentOf(page?: PageId, alert?: AlertName): string {
  if (!page) return '';
  const query = alert ? `?${new URLSearchParams({ rule: alert.rule, gpu: alert.gpuUuid ?? '' }).toString()}` : '';
  return `#${page}${query}`;
}

/** The one window: sandboxed, isolated, without Node. It is shown when its first frame is painted. */
export function createWindow({ preload, icon, as, fragment }: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 860,
    minWidth: 640,
    minHeight: 480,
    show: false,
    icon,
    title: 'Slowburn',
    autoHideMenuBar: true,
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
      disableBlinkFeatures: 'Auxclick',
    },
  });
  window.setMenu(null);
  window.once('ready-to-show', () => (as === 'shown' ? window.show() : window.minimize()));
  void window.loadURL(`${ORIGIN}/index.html${fragment}`);
  return window;
}

export const preloadFile = (outFolder: string): string => path.join(outFolder, 'preload', 'preload.cjs');

export function applyTheme(theme: Settings['theme']): void {
  nativeTheme.themeSource = theme;
}
