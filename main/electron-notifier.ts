import { Notification } from 'electron';
import { log } from './log.ts';
import type { Notice, NoticeAction, Notifier } from './notifier.ts';

/**
 * Notifications by Electron. It shows buttons on Windows, and on macOS in a signed application (electronjs.org,
 * NotificationAction). On Linux it has none (electron/electron#24333): there a click opens the window, and bus-notifier.ts
 * is used where it can be.
 */
export function createElectronNotifier(): Notifier {
  function open(notice: Notice, onAction: (action: NoticeAction) => void, onGone: () => void) {
    const { title, body, level, silent, actions } = notice;
    const notification = new Notification({
      title,
      body,
      silent,
      urgency: level === 'act' ? 'critical' : level === 'warn' ? 'normal' : 'low',
      actions: actions.map(({ label }) => ({ type: 'button', text: label })),
    });
    notification.on('click', () => onAction('open'));
    notification.on('action', (_event, index) => {
      const action = actions[index];
      if (action) onAction(action.id);
    });
    notification.on('close', onGone);
    notification.on('failed', (_event, error) => log(`A notification could not be shown: ${error}`));
    notification.show();
    return notification;
  }

  return {
    show(notice, onAction) {
      let current: Notification | undefined;
      const forget = (): void => void (current = undefined);
      const put = (next: Notice): void => {
        const opened = open(next, onAction, () => current === opened && forget());
        current = opened;
      };
      if (Notification.isSupported()) put(notice);
      return {
        replace(next) {
          const before = current;
          if (!before) return;
          forget();
          before.close();
          put(next);
        },
        close() {
          current?.close();
          forget();
        },
      };
    },
  };
}
