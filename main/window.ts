import path from 'node:path';
import { BrowserWindow, nativeTheme } from 'electron';
import type { Settings } from '../app/settings/settings.ts';
import { ORIGIN } from './protocol.ts';

const BACKGROUND = { dark: '#14161a', light: '#f6f7f9' } as const; // as in renderer/theme.css: no flash while loading

/** The one window: sandboxed, isolated, without Node. It is shown when its first frame is painted. */
export function createWindow(preload: string, icon: string, show: boolean): BrowserWindow {
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
  if (show) window.once('ready-to-show', () => window.show());
  void window.loadURL(`${ORIGIN}/index.html`);
  return window;
}

export const preloadFile = (outFolder: string): string => path.join(outFolder, 'preload', 'preload.cjs');

export function applyTheme(theme: Settings['theme']): void {
  nativeTheme.themeSource = theme;
}
