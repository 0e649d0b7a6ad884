import { app, dialog, type BrowserWindow } from 'electron';
import type { Translate } from '../app/core/i18n.ts';
import type { SettingsOwner } from '../app/settings/owner.node.ts';

export type ClosingOptions = {
  readonly t: Translate;
  readonly owner: Pick<SettingsOwner, 'settings' | 'change'>;
  /** whether the desktop shows tray icons now */
  readonly trayIsVisible: () => Promise<boolean>;
  /** whether another recorder continues when this application ends */
  readonly recordsElsewhere: () => boolean;
};

type Choice = 'minimise' | 'quit';

/**
 * What closing the window does. With a tray: the page is destroyed and recording continues, unless the settings say quit.
 * Without one the window could not be opened again, so a person is asked, once, and told what happens to the recording.
 */
export function createClosing({ t, owner, trayIsVisible, recordsElsewhere }: ClosingOptions) {
  let asking = false;

  /** undefined: the window stays open */
  async function ask(window: BrowserWindow): Promise<Choice | undefined> {
    const continues = recordsElsewhere();
    const buttons = continues
      ? [t('closing.close'), t('closing.minimise'), t('closing.cancel')]
      : [t('closing.quit'), t('closing.minimiseRecording'), t('closing.cancel')];
    const { response, checkboxChecked } = await dialog.showMessageBox(window, {
      type: 'question',
      title: t('app.name'),
      message: t(continues ? 'closing.continues' : 'closing.ends'),
      detail: t(continues ? 'closing.continuesMore' : 'closing.endsMore'),
      buttons,
      defaultId: 1,
      cancelId: 2,
      checkboxLabel: t('closing.remember'),
      checkboxChecked: true,
      noLink: true,
    });
    const choice = (['quit', 'minimise'] as const)[response];
    if (choice && checkboxChecked) owner.change({ closeWithoutTray: choice });
    return choice;
  }

  async function close(window: BrowserWindow): Promise<void> {
    if (!owner.settings().closeToTray) return app.quit();
    if (await trayIsVisible()) return window.isDestroyed() ? undefined : window.destroy();
    if (window.isDestroyed()) return;
    const { closeWithoutTray } = owner.settings();
    const choice = closeWithoutTray === 'ask' ? await ask(window) : closeWithoutTray;
    if (choice === 'quit') app.quit();
    else if (choice === 'minimise' && !window.isDestroyed()) window.minimize();
  }

  return async (window: BrowserWindow): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      await close(window);
    } finally {
      asking = false;
    }
  };
}
