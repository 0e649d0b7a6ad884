import { app, dialog, type BrowserWindow } from 'electron';
import type { Translate } from '../app/core/i18n.ts';
import { log } from './log.ts';

/** Pauses before the page is loaded again; after the last a person is asked. */
const BACK_OFF_MS = [500, 1_000, 2_000, 5_000] as const;
/** A page that ran for this long is not one that ends at once. */
const HEALTHY_MS = 60_000;

/**
 * Loads the page again when its process has ended, with growing pauses. A page that keeps ending is reported in a dialog
 * of the system. Recording is not affected: it has its own process.
 */
export function recoverPage(window: BrowserWindow, t: Translate): void {
  let failures = 0;
  let loadedMs = performance.now();

  function load(): void {
    if (window.isDestroyed()) return;
    loadedMs = performance.now();
    window.webContents.reload();
  }

  async function ask(): Promise<void> {
    const { response } = await dialog.showMessageBox(window, {
      type: 'error',
      title: t('app.name'),
      message: t('error.pageGone'),
      detail: t('error.pageGoneMore'),
      buttons: [t('error.reload'), t('tray.quit')],
      defaultId: 0,
      noLink: true,
    });
    if (response === 1) return app.quit();
    failures = 0;
    load();
  }

  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    log(`The process of the page ended: ${reason}, code ${exitCode}.`);
    if (reason === 'clean-exit') return;
    if (performance.now() - loadedMs > HEALTHY_MS) failures = 0;
    const waitMs = BACK_OFF_MS[failures++];
    if (waitMs === undefined) void ask();
    else setTimeout(load, waitMs);
  });
}
