import { Notification } from 'electron';
import { joined, type Formatter } from '../app/format.ts';
import type { StoredAlert } from '../app/history/records.ts';
import type { Translate } from '../app/i18n.ts';
import type { SourceFault } from '../app/telemetry/source.ts';

/** Shows a desktop notification for an alert that is already on disk. A desktop without notifications is no error. */
export function notify(alert: StoredAlert, t: Translate, format: Formatter, onClick: () => void): void {
  if (!Notification.isSupported()) return;
  const limit = joined(format.temperature(alert.threshold));
  const notification = new Notification({
    title: t(`rule.${alert.rule}`, { limit }),
    body: t('notification.body', { gpu: alert.gpuName, value: joined(format.temperature(alert.value)) }),
    urgency: alert.severity === 'act' ? 'critical' : 'normal',
  });
  notification.on('click', onClick);
  notification.on('failed', (_event, error) => console.error(`The notification could not be shown: ${error}`));
  notification.show();
}

/** Tells that recording has paused: whoever relies on the history must know, whether or not alerts are to be shown. */
export function notifyFault({ message, next }: SourceFault, onClick: () => void): void {
  if (!Notification.isSupported()) return;
  const notification = new Notification({ title: message, body: next ?? '', urgency: 'critical' });
  notification.on('click', onClick);
  notification.on('failed', (_event, error) => console.error(`The notification could not be shown: ${error}`));
  notification.show();
}
